"""The Redis database for state that must outlive the cache: throttles, view counters.

It is the broker's (database 0), where nothing is evicted and no cache is ever flushed.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from caching.redis.breaker import CircuitBreaker
from caching.redis.client import RedisClient

if TYPE_CHECKING:
    from redis.connection import AbstractConnection

    from caching.redis.scripts import ScriptCall


class _Trusting(RedisClient):
    """The cache's lean connections, without its distrust: what a restart brings back here is right.

    A connection that broke while it lay idle is replaced and its command sent again: a request may
    count twice then, never not at all.
    """

    def _open(self) -> AbstractConnection:
        connection = self._connect()
        connection.connect()  # type: ignore[no-untyped-call]  # redis-py has no types
        return connection


class StateServer:
    """For what every request does: one server, and one breaker for all who ask it.

    Raises (all methods):
        RedisUnavailable: Redis does not answer, or the breaker is open.
    """

    def __init__(self, server: RedisClient) -> None:
        self._server = server
        self.breaker = CircuitBreaker("Redis (rates, views)", server.reconnect)

    def command(self, *words: object) -> object:
        """One plain command."""
        return self.breaker.call(self._server.command, *words)

    def run(self, call: ScriptCall) -> list[Any]:
        """What a script answers."""
        answer: list[Any] = self.breaker.call(self._server.run, call)[0]
        return answer


def server() -> StateServer:
    """The server of the settings' broker."""
    return server_at(settings.CELERY_BROKER_URL)


@lru_cache(maxsize=8)
def server_at(url: str) -> StateServer:
    """One for the process."""
    pool = _client(url).connection_pool
    return StateServer(_Trusting(partial(pool.connection_class, **pool.connection_kwargs)))


def client() -> redis.Redis:
    """For everything else: redis-py's client, thread-safe and fork-safe. Raises ``redis.RedisError``.

    Like ``server`` it gives up after 0.25 s without a connection or 0.5 s without an answer, and
    retries nothing that was not answered.
    """
    return _client(settings.CELERY_BROKER_URL)


@lru_cache(maxsize=8)
def _client(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=settings.REDIS_CONNECT_TIMEOUT_SECONDS,
        socket_timeout=settings.REDIS_COMMAND_TIMEOUT_SECONDS,
        max_connections=500,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )
