from celery.signals import beat_init, worker_ready
from django.apps import AppConfig
from django.conf import settings


class MonitoringConfig(AppConfig):
    name = "monitoring"

    def ready(self) -> None:
        from monitoring import audit, operator_port, sql_log

        audit.connect()
        worker_ready.connect(operator_port.serve)
        beat_init.connect(operator_port.serve)
        if settings.SQL_LOG:
            sql_log.log_statements()
