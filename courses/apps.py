from django.apps import AppConfig


class CoursesConfig(AppConfig):
    name = "courses"

    def ready(self) -> None:
        from courses import emails, signals  # noqa: F401  (registers the composers, connects the receivers)
