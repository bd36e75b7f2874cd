from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "core"

    def ready(self) -> None:
        from core import request_id  # noqa: F401  (links tasks to the requests that cause them)
