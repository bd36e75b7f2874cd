"""Is what the service needs there? Each answer comes within a deadline, whatever hangs."""

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
        connection.close()  # it belongs to this thread alone


def redis() -> None:
    get_redis_connection("default").ping()


def workers() -> None:
    if not current_app.control.ping(timeout=WORKER_REPLY_SECONDS, limit=1):
        raise LookupError("no Celery worker replied")


# A thread for each check: one that hangs keeps only itself busy, and is not joined by a second.
CHECKS: dict[str, tuple[Callable[[], None], ThreadPoolExecutor]] = {
    check.__name__: (check, ThreadPoolExecutor(1, f"check-{check.__name__}"))
    for check in (postgresql, redis, workers)
}


def run_checks() -> dict[str, bool]:
    """Make all checks at once, and return which passed; one that takes too long has not."""
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
    except Exception as error:  # noqa: BLE001  (whatever a driver raises, the thing is not there)
        logger.warning("Health check %s: %s", name, error)
        return False
    return True
