"""What waits for the workers."""

from __future__ import annotations

import json

from core import redis_state


def queued():
    """Names of the tasks that wait in the broker, oldest first."""
    messages = redis_state.client().lrange("celery", 0, -1)
    return [json.loads(message)["headers"]["task"] for message in reversed(messages)]
