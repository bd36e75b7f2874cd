from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "core"

    def ready(self) -> None:
        # They link tasks to the requests that cause them, and register a check.
        from core import personal_data, request_id  # noqa: F401
