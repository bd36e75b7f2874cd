"""Django's PostgreSQL backend; the cache's fences are carried out here."""

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    pass
