from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        # They register receivers and composers.
        from accounts import passwords, reset_mails, signals, verification  # noqa: F401
