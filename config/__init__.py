"""The project. Whatever imports it (manage.py, a WSGI or ASGI server, celery, pytest) has its servers.

The environment is completed before any setting is read, so settings.py needs no case for the
embedded servers.
"""

from devtools.embedded import ensure_servers

ensure_servers()

from config.celery import app as celery_app  # noqa: E402  (Celery reads the settings)

__all__ = ["celery_app"]
