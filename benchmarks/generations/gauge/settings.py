"""Django's settings of one process. GAUGE_CACHE=0 measures Django's engine without a cache."""

import os

import dj_database_url

CACHED = os.environ["GAUGE_CACHE"] == "1"
SECRET_KEY = "only-for-benchmarks"
USE_TZ = True
INSTALLED_APPS = ["gauge.apps.GaugeConfig"] + (["caching.apps.CachingConfig"] if CACHED else [])
ENGINE = "caching.postgresql" if CACHED else "django.db.backends.postgresql"
DATABASES = {"default": dj_database_url.parse(os.environ["DATABASE_URL"], engine=ENGINE, conn_max_age=None)}
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": os.environ["REDIS_URL"],
        "OPTIONS": {
            "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
            "SOCKET_CONNECT_TIMEOUT": 0.25,
            "SOCKET_TIMEOUT": 0.5,
        },
    }
}
LOGGING_CONFIG = None
