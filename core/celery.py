"""Handing work to Celery: after the commit, and never at the expense of the request."""

from __future__ import annotations

import logging
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from django.db import transaction
from kombu.exceptions import OperationalError

from caching.redis.breaker import CircuitBreaker
from core import redis_state

if TYPE_CHECKING:
    from celery import Task

logger = logging.getLogger(__name__)


def publish_after_commit(task: Task, *args: Any) -> None:
    """Have the commit of the open transaction ``publish``; at once, where none is open."""
    transaction.on_commit(partial(publish, task, *args))


def publish(task: Task, *args: Any) -> None:
    """Hand a task to the workers.

    A broker that is away costs a line in the log, not the request; one that hangs costs two callers
    a second, and after them nobody.
    """
    if broker().is_open:
        logger.warning("%s%s is left to beat: the broker is away", task.name, args)
        return
    try:
        task.apply_async(args)
    except OperationalError as error:
        broker().record_failure()
        logger.warning("%s%s is left to beat: %s", task.name, args, error)
    else:
        broker().record_success()


@cache
def broker() -> CircuitBreaker:
    """What this process knows of the broker. Publishing has connections and timeouts of its own, so
    neither its failures nor its successes are those of who else asks that Redis.
    """
    return CircuitBreaker("The broker", lambda: redis_state.server().reconnect())
