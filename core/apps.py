from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "core"

    def ready(self) -> None:
        from core import presence, request_id  # noqa: F401  (the latter links tasks to their requests)

        presence.connect()
