"""The project's Celery task class: publishing after the commit, and never at the expense of the request."""

from __future__ import annotations

import functools
import logging
import time
from functools import cache
from typing import Any

from celery.contrib.django.task import DjangoTask
from django.db import transaction
from kombu.exceptions import OperationalError

from caching.redis.breaker import CircuitBreaker
from core import redis_state

logger = logging.getLogger(__name__)


class Task(DjangoTask):  # type: ignore[misc]  # Celery is untyped
    """Every task of the project is one (config/celery.py).

    What a task does must also be done by a periodic task: while the broker is away nothing is published.
    """

    abstract = True

    def delay_on_commit(self, *args: Any) -> None:
        """Publish the task after the commit of the open transaction; at once, where none is open."""
        transaction.on_commit(functools.partial(self.publish, *args))

    def publish(self, *args: Any, countdown: float | None = None) -> bool:
        """Publish the task, to run now or in some seconds. Return False if the broker is away: it is logged.

        One that hangs costs one caller a second, and the later ones nothing: its breaker opens.
        """
        if broker().is_open:
            logger.warning("%s%s is left to beat: the broker is away", self.name, args)
            return False
        began = time.perf_counter()
        try:
            self.apply_async(args, countdown=countdown)
        except OperationalError as error:
            broker().record_failure(time.perf_counter() - began)
            logger.warning("%s%s is left to beat: %s", self.name, args, error)
            return False
        broker().record_success()
        return True

    def on_success(self, retval: Any, task_id: str, args: Any, kwargs: Any) -> None:  # noqa: ARG002
        """Log what the task has done, if it says so (``summary``): one that found nothing is not logged."""
        if retval:
            logger.info("%s: %s", self.name, retval)


def summary(**counts: int) -> str:
    """Return those of some counts that are not 0, in words: ``3 sent, 1 uncertain``. Tasks return it."""
    return ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in counts.items() if number)


@cache
def broker() -> CircuitBreaker:
    """Return what this process knows of the broker.

    Publishing has connections and timeouts of its own, so its failures and successes are not those of
    other users of that Redis.
    """
    return CircuitBreaker("The broker", lambda: redis_state.server().reconnect())
