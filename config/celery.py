"""The Celery application: ``celery -A config worker``, ``beat`` and ``flower``."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("syllabus", task_cls="core.celery:Task")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.task(ignore_result=False)
def debug_task() -> str:
    """Show that a worker works: ``debug_task.delay().get(timeout=10)`` returns what it says.

    The one task that keeps its result; the product's own keep none.
    """
    text = "Hello from debug_task"
    print(text)
    return text
