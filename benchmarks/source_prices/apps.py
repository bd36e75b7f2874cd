from django.apps import AppConfig


class SourcePricesConfig(AppConfig):
    name = "benchmarks.source_prices"
    default_auto_field = "django.db.models.BigAutoField"
