"""The Celery application: ``celery -A config worker``, ``beat`` and ``flower``."""

import os
from typing import Any

from celery import Celery
from django.conf import settings

from core.transport import use_transports

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

use_transports()
app = Celery("syllabus", task_cls="core.celery:Task")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_after_configure.connect
def complete_broker_address(**_: Any) -> None:
    """Replace the variable, which Celery prefers to the setting, by what config/addresses.py made of it."""
    if "CELERY_BROKER_URL" in os.environ:
        os.environ["CELERY_BROKER_URL"] = settings.CELERY_BROKER_URL


@app.task(ignore_result=False)
def debug_task() -> str:
    """Show that a worker works: ``debug_task.delay().get(timeout=10)`` returns what it says.

    The one task that keeps its result; the product's own keep none.
    """
    text = "Hello from debug_task"
    print(text)
    return text
