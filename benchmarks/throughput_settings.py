"""The project as it is, plus the peers' addresses and the cache that the source document sets up."""

from config.settings import *  # noqa: F403
from config.settings import CACHES, REDIS_URL, REST_FRAMEWORK

ROOT_URLCONF = "benchmarks.throughput_urls"
DEBUG = False
# Every request comes by a proxy that names its client, so that rates can stay as they are and yet
# refuse nobody: the load generator is many clients with a few requests each.
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
