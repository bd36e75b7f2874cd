from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "benchmarks.history.ledger"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from benchmarks.history.contestants import current

        current().connect()
