"""The Redis database for state that must outlive the cache: throttles, view counters.

It is the broker's (database 0), where nothing is evicted and no cache is ever flushed.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from caching.connection import Server

if TYPE_CHECKING:
    from redis.connection import AbstractConnection


class StateServer(Server):
    """The cache's lean connections, without its distrust: what a restart brings back here is right.

    A connection that broke while it lay idle is replaced and its command sent again: a request may
    count twice then, never not at all.
    """

    def _open(self) -> AbstractConnection:
        connection = self._connect()
        connection.connect()  # type: ignore[no-untyped-call]
        return connection


def server() -> StateServer:
    """For what every request does. Raises ``caching.errors.Unreachable`` where Redis does not answer."""
    return _server(settings.CELERY_BROKER_URL)


def client() -> redis.Redis:
    """For everything else: redis-py's client, thread-safe and fork-safe. Raises ``redis.RedisError``.

    Both give up after 0.25 s without a connection or 0.5 s without an answer, and retry nothing that
    was not answered.
    """
    return _client(settings.CELERY_BROKER_URL)


@lru_cache(maxsize=8)
def _server(url: str) -> StateServer:
    pool = _client(url).connection_pool
    return StateServer(partial(pool.connection_class, **pool.connection_kwargs))


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
