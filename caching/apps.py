from django.apps import AppConfig


class CachingConfig(AppConfig):
    """Stands after every app that caches in INSTALLED_APPS: its receivers must be the last."""

    name = "caching"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from caching import checks  # noqa: F401  (registers them)
        from caching.tracking import conclude

        conclude()
