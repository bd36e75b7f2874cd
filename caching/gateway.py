"""The gateway to Redis: a circuit breaker around every exchange, and a check whether answers may be stale."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.core.signals import setting_changed

from caching import conf
from caching.errors import RedisRefused, RedisUnavailable, Untrusted
from caching.keys import Target
from caching.recovery.watch import Watch
from caching.redis import scripts
from caching.redis.breaker import SLOW_SECONDS, CircuitBreaker
from caching.redis.scripts import Command, ScriptCall
from caching.redis.topology import Backend, make_backend

Answer = TypeVar("Answer")

# A fence that is older is overdue: its process may have been killed (recovery/fences.py).
FENCE_OVERDUE_MS = 10_000


class RedisGateway:
    """Every exchange with the cache's Redis. Nothing is sent while the circuit breaker is open.

    Raises (all methods):
        RedisUnavailable: no answer, or the breaker is open.
    """

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.breaker = CircuitBreaker("Redis", backend.reconnect)
        self.watch = Watch(self)

    # --- For readers: these also raise Untrusted ----------------------------------------------

    def read(self, *keys: str) -> list[bytes | None]:
        """Return the values of some keys, in one plain command."""
        return self._trusted(self.backend.read, *keys)

    def read_fields(self, key: str, *fields: str) -> list[bytes | None]:
        """Return the values of some fields of a hash, in one plain command."""
        values: list[bytes | None] = self._trusted(self.backend.commands, ("HMGET", key, *fields))[0]
        return values

    def run_trusted(self, call: ScriptCall) -> Any:
        """Return the result of a script that may return a value."""
        return self._trusted(self.backend.run, call)[0]

    def run_and_judge(self, *calls: ScriptCall) -> tuple[list[Any], bool]:
        """Return the results of scripts, in one round trip, and whether values in them may be read.

        For scripts that also do what must not be done twice, so that their results count in any case. The
        result of a script that Redis refuses is the error. Nothing is sent unless values may be read
        beforehand.
        """
        trust = self.watch.trust
        if trust.in_grace() or not trust.is_valid(self.backend.breaks):
            raise Untrusted
        try:
            results = self.breaker.call(self.backend.run, *calls)
        except RedisRefused as refused:
            results = refused.replies
        return results, trust.is_valid(self.backend.breaks) and not trust.in_grace()

    def _trusted(self, method: Callable[..., Answer], *args: Any) -> Answer:
        trust = self.watch.trust
        if not trust.is_valid(self.backend.breaks):
            raise Untrusted
        answer = self.breaker.call(method, *args)  # in the grace period, too, to notice the next outage
        if not trust.is_valid(self.backend.breaks):
            raise Untrusted  # its connection broke, so Redis may have missed an invalidation
        if trust.in_grace():
            raise RedisUnavailable("it was unavailable a moment ago")
        return answer

    # --- For everything else ----------------------------------------------------------------------

    @property
    def breaks(self) -> int:
        """The number of connections that have broken."""
        return self.backend.breaks

    def commands(self, *commands: Command) -> list[Any]:
        """Return the replies to plain commands, in one round trip."""
        return self.breaker.call(self.backend.commands, *commands)

    def run(self, *calls: ScriptCall) -> list[Any]:
        """Return the results of scripts, in one round trip."""
        return self.breaker.call(self.backend.run, *calls)

    def node_keys(self, name: str) -> list[str]:
        """Return a key on each node, under which something about the node can be recorded."""
        return self.backend.node_keys(name)

    def fence(self, targets: Iterable[Target], token: str) -> None:
        """Fence targets until ``lift``: delete values and leases, and let no reader store."""
        self.run(*(ScriptCall(scripts.FENCE, target, [token, FENCE_OVERDUE_MS]) for target in targets))

    def lift(self, targets: Iterable[Target], token: str) -> None:
        """Remove the fences of targets."""
        self.run(*(ScriptCall(scripts.LIFT, target, [token]) for target in targets))

    def drop(self, targets: Iterable[Target]) -> None:
        """Delete the values and leases of targets whose changes are already committed."""
        self.run(*(ScriptCall(scripts.DROP, target) for target in targets))

    def close(self) -> None:
        """Stop the watch thread and close the connections."""
        self.watch.stop()
        self.backend.close()


@functools.cache
def get_gateway() -> RedisGateway:
    """Return the gateway to the Redis of the settings."""
    return RedisGateway(make_backend(conf.redis_conf(), slow_seconds=SLOW_SECONDS))


def _follow_settings(*, setting: str, **_: Any) -> None:
    if setting in {"CACHES", "CACHING", "DATABASES"}:
        if get_gateway.cache_info().currsize:
            get_gateway().watch.stop()
        get_gateway.cache_clear()


setting_changed.connect(_follow_settings)
