from django.apps import AppConfig


class GaugeConfig(AppConfig):
    name = "gauge"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from gauge import cached  # noqa: F401  (declares)
