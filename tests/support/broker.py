"""What waits for the workers."""

from __future__ import annotations

import json

from django.conf import settings

from core import redis_state


def queued(queue=None):
    """Return the names of the tasks that wait in one queue of the broker, or in all; oldest first."""
    names = [queue] if queue else [queue.name for queue in settings.CELERY_TASK_QUEUES]
    messages = [message for name in names for message in redis_state.client().lrange(name, 0, -1)]
    return [json.loads(message)["headers"]["task"] for message in reversed(messages)]
