"""A project that has nothing but ``caching/`` in common with the one that it was written for."""

import os

SECRET_KEY = "a shop's"
DEBUG = False
USE_TZ = True
INSTALLED_APPS = ["shop", "caching.apps.CachingConfig"]
DATABASES = {
    "default": {
        "ENGINE": "caching.postgresql",
        "NAME": os.environ["SHOP_DATABASE"],
        "HOST": os.environ["SHOP_DATABASE_HOST"],
        "USER": os.environ["SHOP_DATABASE_USER"],
    }
}
CACHING = {"URL": os.environ["SHOP_REDIS"]}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
