from celery.signals import beat_init, worker_ready
from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class MonitoringConfig(AppConfig):
    name = "monitoring"

    def ready(self) -> None:
        from monitoring import audit, operator_port, sql_log

        audit.connect()
        worker_ready.connect(operator_port.serve)
        beat_init.connect(operator_port.serve)
        if settings.SQL_LOG:
            sql_log.log_statements()


class AdminConfig(DjangoAdminConfig):
    default_site = "monitoring.site.Site"

    def ready(self) -> None:
        from core import admin_labels

        admin_labels.translate_names()
        super().ready()
