from django.apps import AppConfig
from django.core.checks import register


class RatelimitConfig(AppConfig):
    name = "ratelimit"

    def ready(self) -> None:
        from ratelimit.checks import check_rates

        register(check_rates)
