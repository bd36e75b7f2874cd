"""WSGI entry point: ``config.wsgi:application``."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django_application = get_wsgi_application()  # before the edge, whose modules need the apps

from edge.wsgi import wrap  # noqa: E402
from monitoring.middleware import note_edge_answer  # noqa: E402

application = wrap(django_application, note_edge_answer)
