"""WSGI entry point: ``config.wsgi:application``."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django_application = get_wsgi_application()  # first: the modules below need the apps

from edge.wsgi import wrap  # noqa: E402
from monitoring import operator_port  # noqa: E402
from monitoring.responses import note_edge_answer  # noqa: E402

application = wrap(django_application, note_edge_answer)
operator_port.serve_in_forks()
