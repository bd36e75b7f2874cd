"""Checks of the services that the project needs, each with a result within a deadline."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as DeadlineExceeded
from time import monotonic

from celery import current_app
from django.db import connection
from django_redis import get_redis_connection

logger = logging.getLogger(__name__)

DEADLINE_SECONDS = 2.0
WORKER_REPLY_SECONDS = 1.0


def postgresql() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()  # it is this thread's own


def redis() -> None:
    get_redis_connection("default").ping()


def workers() -> None:
    if not current_app.control.ping(timeout=WORKER_REPLY_SECONDS, limit=1):
        raise LookupError("no Celery worker replied")


# Each check has one thread, so a check that hangs does not block others and is not started twice.
CHECKS: dict[str, tuple[Callable[[], None], ThreadPoolExecutor]] = {
    check.__name__: (check, ThreadPoolExecutor(1, f"check-{check.__name__}"))
    for check in (postgresql, redis, workers)
}


def run_checks() -> dict[str, bool]:
    """Run all checks at once, and return which passed. A check that takes too long has failed."""
    deadline = monotonic() + DEADLINE_SECONDS
    running = {name: thread.submit(check) for name, (check, thread) in CHECKS.items()}
    return {name: _passed(name, answer, deadline) for name, answer in running.items()}


def _passed(name: str, answer: Future[None], deadline: float) -> bool:
    try:
        answer.result(max(0, deadline - monotonic()))
    except DeadlineExceeded:
        answer.cancel()
        logger.warning("Health check %s: no answer within %s s", name, DEADLINE_SECONDS)
        return False
    except Exception as error:  # noqa: BLE001  (whatever a driver raises, the check has failed)
        logger.warning("Health check %s: %s", name, error)
        return False
    return True
