from django.apps import AppConfig


class TasksConfig(AppConfig):
    name = "tasks"

    def ready(self) -> None:
        # They register commands and composers, and what becomes of a user's lists.
        from tasks import bot, departure, notifications  # noqa: F401
