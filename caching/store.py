"""The cache's Redis: whether it is worth asking, and whether it may be believed."""

from __future__ import annotations

import functools
import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from django.core.signals import setting_changed

from caching import outbox
from caching.conf import redis_conf
from caching.errors import RedisUnavailable
from caching.redis.breaker import SLOW_SECONDS, CircuitBreaker
from caching.redis.topology import make_backend

if TYPE_CHECKING:
    from caching.redis.scripts import Command, ScriptCall
    from caching.redis.topology import Backend

Answer = TypeVar("Answer")

READS_UNTIL_TRUSTED = 3
NEVER = -1
# A process that is back early serves nothing from Redis for so long: another one, whose breaker is
# still open, may be noting in the outbox what Redis must no longer serve. Longer than a probe and the
# pause before it.
GRACE_SECONDS = 1.0


class Store:
    """Every exchange with Redis: none is tried while the breaker is open.

    Raises (all methods):
        RedisUnavailable: no answer, or the breaker is open.
    """

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.breaker = CircuitBreaker("Redis", self._recover)
        self._trusted_at = NEVER  # how many connections had broken when the outbox was last drained
        self._grace_ends = 0.0
        self._let_one_drain()
        os.register_at_fork(after_in_child=self._let_one_drain)

    def _let_one_drain(self) -> None:
        self._draining = threading.Lock()

    def read(self, *keys: str) -> list[bytes | None]:
        """The values of some keys in one plain command."""
        return self._trusted(self.backend.read, *keys)

    def read_members(self, key: str, *members: str) -> list[bytes | None]:
        """The values of some fields of a hash in one plain command."""
        values: list[bytes | None] = self._trusted(self.backend.commands, ("HMGET", key, *members))[0]
        return values

    def command(self, *words: Any) -> Any:
        """One plain command."""
        return self.breaker.call(self.backend.commands, words)[0]

    def commands(self, *commands: Command) -> list[Any]:
        """Plain commands in one round trip."""
        return self.breaker.call(self.backend.commands, *commands)

    def run(self, *calls: ScriptCall) -> list[Any]:
        """Scripts in one round trip."""
        return self.breaker.call(self.backend.run, *calls)

    def lease(self, call: ScriptCall) -> Any:
        """A script whose answer may bring a value."""
        return self._trusted(self.backend.run, call)[0]

    def drain(self) -> int:
        """Carry out the outbox now; how many rows it held.

        An empty one says nothing about Redis, so this is no success that the breaker may count.
        """
        if self.breaker.is_open:
            raise RedisUnavailable("the breaker is open")
        try:
            return outbox.drain(self.backend.run)
        except RedisUnavailable:
            self.breaker.record_failure()
            raise

    def _trusted(self, method: Callable[..., Answer], *args: Any) -> Answer:
        """An answer that nothing which waits in the outbox contradicts.

        Before the first read, and after a connection broke, Redis may have missed something: it is
        drained first. A read that itself finds its connection broken is made again. Fences need no
        such trust, and a commit may hold locks that draining would wait for.

        ::

            this process                    another one
                       Redis goes away and comes back
            drains the outbox
                                            commits: its breaker is open, so into the outbox
            GET: old                        (in the grace: not believed)
                                            its breaker closes: drains
        """
        for _ in range(READS_UNTIL_TRUSTED):
            if self.backend.breaks != self._trusted_at:
                self._drain_and_trust()
            answer = self.breaker.call(method, *args)  # in the grace, too: the next outage must be noticed
            if self.backend.breaks == self._trusted_at:
                break
        else:
            raise RedisUnavailable("connections break as fast as they are made")
        if self._grace_ends and self._in_grace():
            raise RedisUnavailable("it was away a moment ago")
        return answer

    def _drain_and_trust(self) -> None:
        with self._draining:  # who had to wait finds it done: not a database connection for each thread
            breaks = self.backend.breaks
            if breaks != self._trusted_at:
                self.drain()
                self._trust(breaks)

    def _recover(self) -> None:
        self.backend.reconnect()
        breaks = self.backend.breaks
        outbox.drain(self.backend.run)
        self._trust(breaks)

    def _trust(self, breaks: int) -> None:
        if breaks != self._trusted_at and self._trusted_at != NEVER:
            self._grace_ends = time.monotonic() + GRACE_SECONDS
        self._trusted_at = breaks

    def _in_grace(self) -> bool:
        if time.monotonic() < self._grace_ends:
            return True
        self._grace_ends = 0.0
        return False


@functools.cache
def get_store() -> Store:
    """The store of the settings' default cache."""
    return Store(make_backend(redis_conf(), slow_seconds=SLOW_SECONDS))


def _forget_store(*, setting: str, **_: Any) -> None:
    if setting in {"CACHES", "CACHING"}:
        get_store.cache_clear()


setting_changed.connect(_forget_store)
