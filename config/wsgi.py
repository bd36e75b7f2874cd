"""WSGI entry point: ``config.wsgi:application``."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

django_application = get_wsgi_application()  # before what needs the apps

_ = get_resolver().url_patterns  # imported before the first request, which would wait for it

from core import hung_database  # noqa: E402
from edge.wsgi import wrap  # noqa: E402
from monitoring import operator_port  # noqa: E402
from monitoring.middleware import observe_edge  # noqa: E402

application = wrap(django_application, observe_edge)
operator_port.serve_in_forks()
hung_database.watch()
