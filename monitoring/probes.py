"""Checks of what the project needs, for /health/ready."""

from __future__ import annotations

import logging
import threading
import time
from typing import NamedTuple

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django_redis import get_redis_connection

from caching.errors import RedisUnavailable
from core import beat, worker
from core.draining import is_draining
from monitoring.deadlines import Question, ask
from monitoring.selectors import outbox

logger = logging.getLogger(__name__)
all_applied = threading.Event()  # whether a check has found all migrations applied: they stay so

# No request can be served without it. Without the others, responses are slower, or work waits.
REQUIRED = "postgresql"
UNSERVED = {"unavailable", "draining"}  # by which a load balancer sends no requests
MAX_OUTBOX_SECONDS = 60
MAX_BEAT_SECONDS = 60  # it publishes a task every 15 s at the latest
MAX_WORKER_SECONDS = 30  # a worker records its queues every 5 s


class Degraded(Exception):  # noqa: N818  (not an error of ours)
    """Something works, but not as it should; the text says so to anybody who asks."""


class Report(NamedTuple):
    """What /health/ready answers: ``ok``, ``degraded``, ``unavailable`` or ``draining``."""

    status: str
    checks: dict[str, str]
    reasons: dict[str, str]


def postgresql() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW transaction_read_only")
            (read_only,) = cursor.fetchone()
    finally:
        connection.close()  # it is this thread's own
    if read_only == "on":
        raise Degraded("It is read-only: what would change anything is answered with 503.")


def outbox_is_drained() -> None:
    try:
        rows, oldest_seconds = outbox()
    finally:
        connection.close()
    if oldest_seconds > MAX_OUTBOX_SECONDS:
        raise Degraded(f"{rows} invalidations wait for Redis, the oldest for {oldest_seconds:.0f} s.")


def migrations() -> None:
    if all_applied.is_set():
        return
    try:
        executor = MigrationExecutor(connection)
        missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    finally:
        connection.close()
    if missing:
        raise Degraded(f"{missing} migrations are not applied: run manage.py migrate.")
    all_applied.set()


def redis() -> None:
    get_redis_connection("default").ping()


def workers() -> None:
    served, now = worker.served_at(), time.time()
    queues = (queue.name for queue in settings.CELERY_TASK_QUEUES)
    missing = [name for name in queues if now - served.get(name, 0) > MAX_WORKER_SECONDS]
    if missing:
        raise Degraded(f"No worker serves {', '.join(missing)}.")


def beat_is_running() -> None:
    last = beat.last_run()
    if last is None:
        raise Degraded("Beat has never run.")
    if time.time() - last > MAX_BEAT_SECONDS:
        raise Degraded(f"Beat last ran {time.time() - last:.0f} s ago.")


CHECKS = {
    "postgresql": Question(postgresql),
    "redis": Question(redis),
    "workers": Question(workers),
    "beat": Question(beat_is_running),
    "outbox": Question(outbox_is_drained),
    "migrations": Question(migrations),
}


def report() -> Report:
    """Run all checks at once, and return what they found."""
    found = ask(CHECKS)
    reasons = {name: _reason(name, answer) for name, answer in found.items() if answer is not None}
    checks = {name: "degraded" if name in reasons else "ok" for name in found}
    status = "degraded" if reasons else "ok"
    if REQUIRED in reasons and not isinstance(found[REQUIRED], Degraded):
        status = checks[REQUIRED] = "unavailable"
    return Report("draining" if is_draining() else status, checks, reasons)


def _reason(name: str, error: Exception) -> str:
    logger.warning("Health check %s: %s", name, error)
    if isinstance(error, Degraded):
        return str(error)
    if isinstance(error, RedisUnavailable):
        return "Redis does not answer."
    return "There is no answer."  # what a driver says may contain addresses
