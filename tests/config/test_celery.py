"""The queues and the schedule of Celery's tasks."""

import pytest
from django.conf import settings

from config.celery import app

app.loader.import_default_modules()
SCHEDULE = settings.CELERY_BEAT_SCHEDULE


@pytest.mark.parametrize("name", SCHEDULE)
def test_a_periodic_task_exists_and_never_adds_to_a_backlog(name):
    entry = SCHEDULE[name]
    assert entry["task"] in app.tasks
    assert entry["options"]["expires"] == entry["schedule"]


@pytest.mark.parametrize(
    ("task", "queue"),
    [
        ("messaging.tasks.deliver", "outgoing"),
        ("messaging.tasks.deliver_due", "outgoing"),
        ("services.tasks.recalculate", "prices"),
        ("services.tasks.repair", "prices"),
        ("caching.contrib.celery.repair", "default"),
    ],
)
def test_a_task_is_sent_to_its_queue(task, queue):
    assert app.amqp.router.route({}, task)["queue"].name == queue
    assert queue in {known.name for known in settings.CELERY_TASK_QUEUES}


def test_every_route_is_of_a_task_that_exists():
    for pattern in settings.CELERY_TASK_ROUTES:
        prefix = pattern.rstrip("*")
        assert any(name.startswith(prefix) for name in app.tasks), pattern
