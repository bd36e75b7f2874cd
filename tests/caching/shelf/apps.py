from django.apps import AppConfig


class ShelfConfig(AppConfig):
    name = "tests.caching.shelf"
    default_auto_field = "django.db.models.BigAutoField"
