"""What a Celery worker does beside its tasks: it takes its timeouts, and records which queues it serves."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress
from typing import Any

from celery import current_app
from celery.signals import heartbeat_sent, worker_init
from django.conf import settings

from caching.errors import RedisUnavailable
from core import redis_state
from core.database import set_statement_timeout

QUEUES_KEY = "seen:queues"  # when each queue was last seen to be served
WORKERS_KEY = "seen:workers"  # when each worker of a queue was last seen
LIVE_SECONDS = 60
RECORD_SECONDS = 5.0
_recorded_at = float("-inf")


def take_timeouts(**_: Any) -> None:
    """Give this process, and those that it forks, the statement timeout of tasks."""
    set_statement_timeout(settings.DB_TASK_STATEMENT_TIMEOUT)


def record_queues(sender: Any, **_: Any) -> None:
    """Record, with each heartbeat of the worker, that it serves its queues."""
    global _recorded_at
    if time.monotonic() - _recorded_at < RECORD_SECONDS:
        return
    _recorded_at = time.monotonic()
    now, queues = time.time(), list(current_app.amqp.queues.consume_from)
    seen = [word for queue in queues for word in (queue, now)]
    workers = [word for queue in queues for word in (now, f"{queue} {sender.eventer.hostname}")]
    server = redis_state.server()
    with suppress(RedisUnavailable):  # then no worker gets a task, either
        server.command("HSET", QUEUES_KEY, *seen)
        server.command("ZADD", WORKERS_KEY, *workers)
        server.command("ZREMRANGEBYSCORE", WORKERS_KEY, "-inf", now - LIVE_SECONDS)


def served_at() -> dict[str, float]:
    """Return when each queue was last seen to be served, as Unix times.

    Raises:
        RedisUnavailable: Redis does not answer.
    """
    flat = redis_state.server().command("HGETALL", QUEUES_KEY)
    return {name.decode(): float(at) for name, at in zip(flat[::2], flat[1::2], strict=True)}


def live_workers() -> Counter[str]:
    """Return how many workers have served each queue within ``LIVE_SECONDS``.

    Raises:
        RedisUnavailable: Redis does not answer.
    """
    since = time.time() - LIVE_SECONDS
    seen = redis_state.server().command("ZRANGEBYSCORE", WORKERS_KEY, since, "+inf")
    return Counter(member.decode().partition(" ")[0] for member in seen)


worker_init.connect(take_timeouts)
heartbeat_sent.connect(record_queues)
