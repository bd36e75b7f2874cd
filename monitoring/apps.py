from django.apps import AppConfig
from django.conf import settings


class MonitoringConfig(AppConfig):
    name = "monitoring"

    def ready(self) -> None:
        from monitoring import audit, sql_log

        audit.connect()
        if settings.SQL_LOG:
            sql_log.log_statements()
