from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "core"

    def ready(self) -> None:
        from core import (
            database,  # noqa: F401  (a check)
            metrics,  # noqa: F401  (counts tasks)
            observability,
            personal_data,  # noqa: F401  (a check)
            request_id,  # noqa: F401  (links tasks to the requests that cause them)
            worker,  # noqa: F401  (what a worker and beat do beside their tasks)
        )

        observability.start()
