"""Django's settings of one process of a trial. CONTESTANT selects the cache."""

import os

import dj_database_url

from benchmarks.history.contestants import current

CONTESTANT = current()

SECRET_KEY = "only-for-benchmarks"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = CONTESTANT.apps
DATABASES = {
    "default": dj_database_url.parse(
        os.environ["DATABASE_URL"], engine=CONTESTANT.engine, conn_max_age=CONTESTANT.conn_max_age
    )
}
# Writers compete on purpose; a deadlock should cost one attempt, not a second of all writers' time.
DATABASES["default"].setdefault("OPTIONS", {})["options"] = "-c deadlock_timeout=50ms"
REDIS_URL = os.environ["REDIS_URL"]
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": REDIS_URL,
        "TIMEOUT": 300,
        "OPTIONS": {
            "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
            "SOCKET_CONNECT_TIMEOUT": 0.25,
            "SOCKET_TIMEOUT": 0.5,
        },
    }
}
if "REDIS_CLUSTER" in os.environ:
    CACHING = {"CLUSTER": os.environ["REDIS_CLUSTER"].split(",")}
LOGGING_CONFIG = None
vars().update(CONTESTANT.settings)
