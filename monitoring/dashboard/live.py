"""What the dashboard shows that is not in the database's tables of the apps: the cache, queues, processes.

It is read at each request, within the short timeouts of the two Redis clients. None is "unknown".
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connection

from caching import RedisUnavailable, metrics
from caching.gateway import get_gateway
from core import beat, redis_state, worker

READS = ("hits", "misses", "collapsed", "bypasses")


def read() -> dict[str, Any]:
    """Return the state of the cache, the queues and the processes."""
    return {"cache": _cache(), "queues": _queues(), "beat": _last_beat()}


def _cache() -> dict[str, Any]:
    breaker = "open" if get_gateway().breaker.is_open else "closed"
    return {"breaker": breaker, "outbox": _outbox(), **{window: _rates(window) for window in metrics.WINDOWS}}


def _outbox() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM caching_outbox")
        return int(cursor.fetchone()[0])


def _rates(window: str) -> list[dict[str, Any]] | None:
    """Return the counts of each declaration in a window of time, most reads first."""
    try:
        counted = metrics.recent(window)
    except RedisUnavailable:
        return None
    counted.pop(metrics.COMMITS, None)
    rows = [
        {
            "key": key,
            "reads": (reads := sum(counts[name] for name in READS)),
            "hit_percent": round(100 * counts["hits"] / reads, 1) if reads else None,
            "bypasses": counts["bypasses"],
            "invalidations": counts["invalidations"],
        }
        for key, counts in counted.items()
    ]
    return sorted(rows, key=lambda row: -row["reads"])


def _queues() -> list[dict[str, Any]]:
    """Return each queue with its length, its workers and when one was last seen to serve it."""
    try:
        served, workers = worker.served_at(), worker.live_workers()
    except RedisUnavailable:
        served, workers = {}, None
    return [
        {
            "name": queue.name,
            "waiting": _length(queue.name),
            "workers": None if workers is None else workers[queue.name],
            "served_at": served.get(queue.name),
        }
        for queue in settings.CELERY_TASK_QUEUES
    ]


def _length(queue: str) -> int | None:
    try:
        return int(redis_state.server().command("LLEN", queue))
    except RedisUnavailable:
        return None


def _last_beat() -> float | None:
    try:
        return beat.last_run()
    except RedisUnavailable:
        return None
