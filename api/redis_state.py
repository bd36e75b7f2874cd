"""The Redis database for state that must outlive the cache: throttles, view counters.

It is the broker's (database 0), where nothing is evicted and no cache is ever flushed.
"""

from __future__ import annotations

from functools import lru_cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry


def client() -> redis.Redis:
    """The process's client of that database: pooled, thread-safe, fork-safe.

    Raises ``redis.RedisError`` after 0.25 s without a connection or 0.5 s without an answer;
    it retries nothing, so a caller waits no longer than it was told.
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
        retry_on_timeout=False,
    )
