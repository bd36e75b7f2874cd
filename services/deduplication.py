"""celery-singleton, with a lock that means: a message waits. And nothing else.

The library holds its lock until the task ends, releases it by deleting whatever is there, and
without an expiry keeps it forever when a worker is killed. Each loses work::

    save 1: lock, message 1
                                run 1 reads the price
    save 2: locked, no message                              (dropped: no run reads its price)
                                run 1 ends, unlocks

So the lock is released when the run begins, before it has read anything: a change that sends no
message of its own has a message waiting that will see it. Only its owner releases it, and it expires.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from celery import Task as CeleryTask
from celery_singleton import Singleton as LibrarySingleton
from celery_singleton.backends import BaseBackend
from kombu.exceptions import OperationalError

from caching.errors import RedisUnavailable
from caching.redis.scripts import Script, ScriptCall
from core import redis_state
from core.celery import Task

if TYPE_CHECKING:
    from celery.result import AsyncResult

logger = logging.getLogger(__name__)

# A message that is lost with its worker prevents others for as long. Beat makes up for it sooner:
# services.tasks.repair takes no lock.
LOCK_EXPIRY_SECONDS = 30

# KEYS[1]: the lock. ARGV[1]: a task id. ARGV[2]: seconds until it expires. Returns 1 if the lock is the
# task's, also when the command is sent again because its answer was lost.
LOCK = Script.of(
    "if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'EX', ARGV[2]) then return 1 end "
    "return redis.call('GET', KEYS[1]) == ARGV[1] and 1 or 0"
)
# KEYS[1]: the lock. ARGV[1]: the task id that must be its value. Returns 1 if it was deleted.
UNLOCK_OWN = Script.of(
    "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
)


class OwnedLocks(BaseBackend):  # type: ignore[misc]  # the library is untyped
    """Locks that only their owner deletes (CELERY_SINGLETON_BACKEND_CLASS).

    They are in the broker's Redis, behind the same breaker as everything else that must not be lost
    (core/redis_state.py).

    Raises (all methods):
        RedisUnavailable: Redis does not answer.
    """

    def __init__(self, url: str) -> None:
        del url  # the broker's

    def lock(self, lock: str, task_id: str, expiry: int | None = None) -> bool:
        """Acquire the lock for a task; return whether the task has it."""
        call = ScriptCall(LOCK, [lock], [task_id, expiry or LOCK_EXPIRY_SECONDS])
        return bool(redis_state.server().run(call))

    def get(self, lock: str) -> str | None:
        """Return the task that has the lock."""
        owner: bytes | None = redis_state.server().command("GET", lock)
        return None if owner is None else owner.decode()

    def unlock(self, lock: str) -> None:
        """Delete the lock, whatever task has it."""
        redis_state.server().command("DEL", lock)

    def unlock_own(self, lock: str, task_id: str) -> bool:
        """Delete the lock if the task has it; return whether it had."""
        return bool(redis_state.server().run(ScriptCall(UNLOCK_OWN, [lock], [task_id])))

    def clear(self, key_prefix: str) -> None:
        """Delete every lock."""
        for lock in redis_state.server().scan(f"{key_prefix}*"):
            self.unlock(lock)


class DedupedTask(LibrarySingleton, Task):  # type: ignore[misc]  # the library is untyped
    """A task of which, for the same arguments, at most one message waits."""

    abstract = True
    lock_expiry = LOCK_EXPIRY_SECONDS

    def apply_async(self, *args: Any, **kwargs: Any) -> AsyncResult[Any]:
        """Send a message, unless one waits.

        Raises:
            OperationalError: the broker does not answer, like any task's.
        """
        try:
            return super().apply_async(*args, **kwargs)
        except RedisUnavailable as error:
            raise OperationalError(str(error)) from error

    def lock_and_run(self, lock: str, *args: Any, task_id: str, **kwargs: Any) -> AsyncResult[Any] | None:
        """Send the message if the lock is free; return None if another message waits."""
        if not self.aquire_lock(lock, task_id):
            return None
        try:
            return CeleryTask.apply_async(self, *args, task_id=task_id, **kwargs)
        except OperationalError:
            self._release(lock, task_id)
            raise

    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:
        """Release the lock before anything is read."""
        self._release(self.generate_lock(self.name, args, kwargs), task_id)

    def on_success(self, *_: Any) -> None:
        """Do not unlock: by now a lock belongs to the next message."""

    on_failure = on_success

    def _release(self, lock: str, task_id: str) -> None:
        try:
            self.singleton_backend.unlock_own(lock, task_id)
        except RedisUnavailable as error:
            logger.warning("The lock of %s will expire: %s", self.name, error)
