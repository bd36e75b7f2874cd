"""Beat's scheduler: it records that it runs, and a broker that is away costs a line, not a traceback."""

from __future__ import annotations

import logging
import time
from typing import Any

from celery.beat import PersistentScheduler, SchedulingError

from caching.errors import RedisUnavailable
from core import redis_state

logger = logging.getLogger(__name__)

LAST_RUN_KEY = "seen:beat"


class Scheduler(PersistentScheduler):  # type: ignore[misc]  # Celery is untyped
    """Celery's, kept in a file (CELERY_BEAT_SCHEDULER)."""

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """Publish the task of an entry. One that cannot be published is due again after its period."""
        logger.info("Sending due task %s (%s)", entry.name, entry.task)
        try:
            self.apply_async(entry, producer=producer, advance=False)
            redis_state.server().command("SET", LAST_RUN_KEY, time.time())
        except SchedulingError as error:
            logger.warning("%s is not sent: %s", entry.task, str(error).splitlines()[0])
        except RedisUnavailable as error:
            logger.warning("%s is sent, but this run is not recorded: %s", entry.task, error)


def last_run() -> float | None:
    """Return when beat last published a task, as a Unix time; None if it never did.

    Raises:
        RedisUnavailable: Redis does not answer.
    """
    found = redis_state.server().command("GET", LAST_RUN_KEY)
    return None if found is None else float(found)
