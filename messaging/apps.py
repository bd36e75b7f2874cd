from django.apps import AppConfig
from django.core.checks import register


class MessagingConfig(AppConfig):
    name = "messaging"

    def ready(self) -> None:
        from messaging.checks import check_email_backend
        from messaging.telegram import schema  # noqa: F401  (registers the schema's extensions)

        register(check_email_backend)
