"""Settings of a project that shares only ``caching/`` with this repository."""

import os

import alone  # noqa: F401  (before anything else is imported)

SECRET_KEY = "a shop's"
DEBUG = False
USE_TZ = True
ALLOWED_HOSTS = ["localhost"]
INSTALLED_APPS = ["shop", "caching.apps.CachingConfig"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


def _database(name):
    server = {"HOST": os.environ["SHOP_DATABASE_HOST"], "USER": os.environ["SHOP_DATABASE_USER"]}
    # Only psycopg 3 can let the server bind parameters.
    options = {"server_side_binding": True} if os.environ.get("SHOP_BINDING") == "server" else {}
    return {"ENGINE": "caching.postgresql", "NAME": name, "OPTIONS": options, **server}


DATABASES = {
    "default": _database(os.environ["SHOP_DATABASE"]),
    "archive": _database(os.environ["SHOP_DATABASE"] + "_archive"),
}
DATABASE_ROUTERS = ["shop.routers.ReceiptsAreArchived"]

if os.environ["SHOP_CACHE"] == "redis":  # the address is then the default cache's
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": os.environ["SHOP_REDIS"],
            "KEY_PREFIX": "shop",
        }
    }
    CACHING = {"CHECK_LOADS": True}
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    CACHING = {"URL": os.environ["SHOP_REDIS"], "CHECK_LOADS": os.environ.get("SHOP_CHECK_LOADS") == "1"}
