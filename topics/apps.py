from django.apps import AppConfig


class TopicsConfig(AppConfig):
    name = "topics"

    def ready(self) -> None:
        from topics import signals

        # Django's own signals are connected by decorators; this one is the project's.
        signals.topic_changed.connect(signals.handle_topic_changed)
