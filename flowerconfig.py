"""Read by ``celery -A config flower`` from the folder where it is started: no Flower without a password.

Its /metrics asks for none, so it is closed: the project's own has what it shows.
"""

import os
import secrets

from django.conf import settings
from flower.urls import handlers
from flower.views.monitor import Metrics

handlers.remove(("/metrics", Metrics))

if not os.environ.get("FLOWER_BASIC_AUTH"):
    if not settings.DEBUG:
        raise SystemExit("FLOWER_BASIC_AUTH is missing: set it to user:password.")
    basic_auth = [f"flower:{secrets.token_urlsafe(9)}"]
    print(f"FLOWER_BASIC_AUTH is not set. This time: {basic_auth[0]}", flush=True)
