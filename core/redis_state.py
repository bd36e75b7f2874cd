"""The Redis database for state that must outlive the cache: throttles, view counters.

It is the broker's (database 0), where nothing is evicted and no cache is ever flushed.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.conf import settings

from caching.contrib.redis_py import redis_py_client
from caching.errors import RedisUnavailable
from caching.redis.addresses import conf_of
from caching.redis.breaker import SLOW_SECONDS, CircuitBreaker
from caching.redis.topology import Backend, make_backend

if TYPE_CHECKING:
    from collections.abc import Iterator

    import redis

    from caching.conf import RedisConf
    from caching.redis.scripts import ScriptCall


logger = logging.getLogger(__name__)


class StateServer:
    """One Redis, with one breaker for all its users.

    Unlike the cache, its data stay valid after a restart, so nothing is ever cleared. A connection that
    broke while it was idle is replaced and its command repeated: a request may then count twice.

    Raises (all methods):
        RedisUnavailable: Redis does not answer, or the breaker is open.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self.breaker = CircuitBreaker("Redis (rates, views)", backend.reconnect)

    def command(self, *words: object) -> Any:
        """Return the reply to one plain command."""
        return self.breaker.call(self._backend.commands, words)[0]

    def run(self, call: ScriptCall) -> Any:
        """Return what a script returns."""
        return self.breaker.call(self._backend.run, call)[0]

    def scan(self, pattern: str) -> Iterator[str]:
        """Return the keys that match, for maintenance."""
        return self._backend.scan(pattern)

    def reconnect(self) -> None:
        """Connect again, whether or not the breaker is open."""
        self._backend.reconnect()


@dataclass(frozen=True)
class ReadCounter:
    """Counts reads of something in a hash, by one of the read's parameters."""

    key: str
    parameter: str

    def count(self, value: object) -> None:
        """Count one read. While Redis is unavailable none are counted: no reader waits for it."""
        try:
            server().command("HINCRBY", self.key, value, 1)
        except RedisUnavailable as error:
            if not server().breaker.is_open:  # else it has logged the outage itself, once
                logger.warning("A read is not counted in %s %s: %s", self.key, value, error)


def server() -> StateServer:
    """Return the server of the settings' broker."""
    return server_at(settings.CELERY_BROKER_URL)


@lru_cache(maxsize=8)
def server_at(url: str) -> StateServer:
    """Return the server of a URL, one for each process."""
    return StateServer(make_backend(conf_at(url), distrust=False, slow_seconds=SLOW_SECONDS))


def client() -> redis.Redis:
    """Return redis-py's client, for inspection. Its calls raise ``redis.RedisError``."""
    return _client(settings.CELERY_BROKER_URL)


@lru_cache(maxsize=8)
def _client(url: str) -> redis.Redis:
    return redis_py_client(conf_at(url))


def conf_at(url: str) -> RedisConf:
    """Return the configuration of a broker's URL."""
    transport = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    sentinel = transport.get("sentinel_kwargs", {})
    return conf_of(
        url,
        connect_timeout=settings.REDIS_CONNECT_TIMEOUT_SECONDS,
        command_timeout=settings.REDIS_COMMAND_TIMEOUT_SECONDS,
        master=transport.get("master_name", "mymaster"),
        sentinel_username=sentinel.get("username"),
        sentinel_password=sentinel.get("password"),
    )
