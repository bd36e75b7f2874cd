from django.apps import AppConfig


class TestAppConfig(AppConfig):
    name = "tests.caching.testapp"
    label = "shelf"  # as its tables and its migrations call it
    default_auto_field = "django.db.models.BigAutoField"
