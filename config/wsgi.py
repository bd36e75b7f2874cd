"""WSGI entry point: ``config.wsgi:application``."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

from monitoring import operator_port  # noqa: E402  (it needs the apps)

operator_port.serve_in_forks()
