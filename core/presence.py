"""Celery's processes record in Redis that they run, so that no page has to wait for their answers.

A worker writes its name and its queues every few seconds, beat the time at which it sent a task.
"""

from __future__ import annotations

import json
import time
from typing import Any

from celery import signals

from caching.errors import RedisUnavailable
from core import redis_state

WORKERS, BEAT = "presence:workers", "presence:beat"
WORKER_SECONDS = 60  # a worker that wrote nothing for so long is gone; in the pool "solo" a task stops it
BEAT_TTL_SECONDS = 7 * 86_400
INTERVAL_SECONDS = 5.0

_worker = ""
_next_report = 0.0


def connect() -> None:
    """Have the processes of Celery that start from now on record themselves."""
    signals.worker_ready.connect(_begin)
    signals.worker_shutdown.connect(_remove_worker)
    signals.beat_init.connect(_watch_beat)
    signals.beat_embedded_init.connect(_watch_beat)


def workers() -> list[dict[str, Any]]:
    """Return the workers that run: name and queues.

    Raises:
        RedisUnavailable: Redis does not answer.
    """
    since = time.time() - WORKER_SECONDS
    return sorted(
        map(json.loads, redis_state.server().command("ZRANGEBYSCORE", WORKERS, since, "+inf")), key=str
    )


def last_beat() -> float | None:
    """Return when beat last sent a task, in seconds since 1970.

    Raises:
        RedisUnavailable: Redis does not answer.
    """
    found = redis_state.server().command("GET", BEAT)
    return float(found) if found else None


def _begin(sender: Any, **_: Any) -> None:
    global _worker
    queues = sorted(queue.name for queue in sender.task_consumer.queues)
    _worker = json.dumps({"name": sender.hostname, "queues": queues})
    _record_worker()
    sender.timer.call_repeatedly(INTERVAL_SECONDS, _record_worker)


def _record_worker() -> None:
    now = time.time()
    _write(["ZADD", WORKERS, now, _worker], ["ZREMRANGEBYSCORE", WORKERS, "-inf", now - WORKER_SECONDS])


def _remove_worker(**_: Any) -> None:
    if _worker:
        _write(["ZREM", WORKERS, _worker])


def _watch_beat(**_: Any) -> None:
    signals.after_task_publish.connect(_record_beat)


def _record_beat(**_: Any) -> None:
    global _next_report
    if time.monotonic() >= _next_report:
        _next_report = time.monotonic() + INTERVAL_SECONDS
        _write(["SET", BEAT, time.time(), "EX", BEAT_TTL_SECONDS])


def _write(*commands: list[Any]) -> None:
    try:
        for words in commands:
            redis_state.server().command(*words)
    except RedisUnavailable:
        return  # the next time
