"""celery-singleton with a lock that stands for a message that waits, and for nothing else.

The library holds its lock until the task ends, gives it back by deleting whatever is there, and
without an expiry keeps it for ever when a worker is killed. Each loses work::

    save 1: lock, message 1
                                run 1 reads the price
    save 2: locked, no message                              (dropped: nobody reads its price)
                                run 1 ends, unlocks

So the lock is given back when the run begins, before it has read anything: whoever is refused a
message then has a message waiting that will see his change. It is given back only by its owner, and
it expires.
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

# A message that is lost with its worker keeps others from being sent for as long. Beat repairs what
# it stood for sooner: services.tasks.repair asks no lock.
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

    They lie in the broker's Redis, which is reached as everything else that must not be lost
    (core/redis_state.py).

    Raises (all methods):
        RedisUnavailable: Redis does not answer.
    """

    def __init__(self, url: str) -> None:
        del url  # the broker's

    def lock(self, lock: str, task_id: str, expiry: int | None = None) -> bool:
        """Take the lock for a task; return whether it is the task's."""
        call = ScriptCall(LOCK, [lock], [task_id, expiry or LOCK_EXPIRY_SECONDS])
        return bool(redis_state.server().run(call))

    def get(self, lock: str) -> str | None:
        """Return the task whose lock it is."""
        owner: bytes | None = redis_state.server().command("GET", lock)
        return None if owner is None else owner.decode()

    def unlock(self, lock: str) -> None:
        """Delete the lock, whose ever it is."""
        redis_state.server().command("DEL", lock)

    def unlock_own(self, lock: str, task_id: str) -> bool:
        """Delete the lock if it is the task's; return whether it was."""
        return bool(redis_state.server().run(ScriptCall(UNLOCK_OWN, [lock], [task_id])))

    def clear(self, key_prefix: str) -> None:
        """Delete every lock."""
        for lock in redis_state.server().scan(f"{key_prefix}*"):
            self.unlock(lock)


class Singleton(LibrarySingleton, Task):  # type: ignore[misc]  # the library is untyped
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
        """Send the message, if the lock is free; None if another's waits."""
        if not self.aquire_lock(lock, task_id):
            return None
        try:
            return CeleryTask.apply_async(self, *args, task_id=task_id, **kwargs)
        except OperationalError:
            self._give_back(lock, task_id)
            raise

    def before_start(self, task_id: str, args: Any, kwargs: Any) -> None:
        """Give the lock back before anything is read."""
        self._give_back(self.generate_lock(self.name, args, kwargs), task_id)

    def on_success(self, *_: Any) -> None:
        """By now a lock belongs to the next message."""

    on_failure = on_success

    def _give_back(self, lock: str, task_id: str) -> None:
        try:
            self.singleton_backend.unlock_own(lock, task_id)
        except RedisUnavailable as error:
            logger.warning("The lock of %s is left to expire: %s", self.name, error)
