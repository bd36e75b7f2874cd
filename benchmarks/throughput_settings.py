"""The project's settings, with the peers' URLs and the cache of the source document."""

from config.settings import *  # noqa: F403
from config.settings import CACHES, REDIS_URL, REST_FRAMEWORK

ROOT_URLCONF = "benchmarks.throughput_urls"
DEBUG = False
# Every request names its client, as behind a proxy. So the rates can stay as they are and still refuse no
# request: the load generator acts as many clients with a few requests each.
REST_FRAMEWORK["NUM_PROXIES"] = 1
# 000_0a1eb445231576a5.txt, "Кэширование": django-redis with its own serializer, on a database of its own.
CACHES["source"] = {
    "BACKEND": "django_redis.cache.RedisCache",
    "LOCATION": f"{REDIS_URL.rsplit('/', 1)[0]}/2",
    "TIMEOUT": 300,
    "OPTIONS": {
        "CLIENT_CLASS": "django_redis.client.DefaultClient",
        "CONNECTION_POOL_KWARGS": {"max_connections": 100},
        "IGNORE_EXCEPTIONS": True,
    },
}
