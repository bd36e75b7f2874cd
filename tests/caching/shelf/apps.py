from django.apps import AppConfig


class ShelfConfig(AppConfig):
    name = "tests.caching.shelf"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from tests.caching.shelf import signals  # noqa: F401
