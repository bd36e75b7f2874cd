"""What a Celery worker does beside its tasks: it takes its timeouts, and records which queues it serves."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from celery import current_app
from celery.signals import heartbeat_sent, worker_init
from django.conf import settings

from caching.errors import RedisUnavailable
from core import redis_state
from core.database import set_statement_timeout

QUEUES_KEY = "seen:queues"
RECORD_SECONDS = 5.0
_recorded_at = float("-inf")


def take_timeouts(**_: Any) -> None:
    """Give this process, and those that it forks, the statement timeout of tasks."""
    set_statement_timeout(settings.DB_TASK_STATEMENT_TIMEOUT)


def record_queues(**_: Any) -> None:
    """Record, with each heartbeat of the worker, that its queues are served."""
    global _recorded_at
    if time.monotonic() - _recorded_at < RECORD_SECONDS:
        return
    _recorded_at = time.monotonic()
    now = time.time()
    seen = [word for queue in current_app.amqp.queues.consume_from for word in (queue, now)]
    with suppress(RedisUnavailable):  # then no worker gets a task, either
        redis_state.server().command("HSET", QUEUES_KEY, *seen)


def served_at() -> dict[str, float]:
    """Return when each queue was last seen to be served, as Unix times.

    Raises:
        RedisUnavailable: Redis does not answer.
    """
    flat = redis_state.server().command("HGETALL", QUEUES_KEY)
    return {name.decode(): float(at) for name, at in zip(flat[::2], flat[1::2], strict=True)}


worker_init.connect(take_timeouts)
heartbeat_sent.connect(record_queues)
