from django.apps import AppConfig
from django.core.checks import register


class ApiConfig(AppConfig):
    name = "api"

    def ready(self) -> None:
        from api import request_id  # noqa: F401  (links tasks to the requests that cause them)
        from api.checks import check_rates

        register(check_rates)
