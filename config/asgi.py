"""ASGI entry point: ``uvicorn config.asgi:application``, with a bounded number of database connections.

Django runs each request in a thread of its own, and a thread has its own connection. So no connection
outlasts its request, and ``ASGI_MAX_REQUESTS`` of them are worked on at once.
"""

import os

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.urls import get_resolver

from config.concurrency import LimitedConcurrency

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ["DB_CONN_MAX_AGE"] = "0"  # before settings are read

django_application = LimitedConcurrency(
    get_asgi_application(), settings.ASGI_MAX_REQUESTS, exempt={"/health/live"}
)

_ = get_resolver().url_patterns  # imported before the first request, which would wait for it

from core import hung_database  # noqa: E402  (what follows needs the apps)
from edge.asgi import wrap  # noqa: E402
from monitoring import operator_port  # noqa: E402
from monitoring.middleware import observe_edge  # noqa: E402

application = wrap(django_application, observe_edge)
operator_port.serve_in_forks()
hung_database.watch()
