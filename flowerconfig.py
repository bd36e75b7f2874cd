"""Read by ``celery -A config flower`` from the folder where it is started: no Flower without a password."""

import os

if not os.environ.get("FLOWER_BASIC_AUTH"):
    raise SystemExit("FLOWER_BASIC_AUTH is missing: set it to user:password.")
