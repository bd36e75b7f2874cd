from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "messaging"

    def ready(self) -> None:
        from messaging.telegram import schema  # noqa: F401  (registers the schema's extensions)
