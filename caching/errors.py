"""What can go wrong between a process and the cache."""

from __future__ import annotations


class CacheError(Exception):
    """Base of the cache's errors."""


class RedisUnavailable(CacheError):  # noqa: N818  (it names a state of Redis)
    """Redis did not answer in time, cannot be reached, or is in a state in which it cannot serve.

    A read falls back to the database. An invalidation is written into the outbox. A circuit breaker
    counts it.
    """


class RedisRefused(RedisUnavailable):
    """A healthy server answered a command with an error: WRONGTYPE, a script's own error, bad syntax.

    The caller does without the cache, as with any ``RedisUnavailable``. A circuit breaker does not
    count it: other commands work.
    """


class OutboxUnavailable(CacheError):  # noqa: N818  (it names a state of the outbox)
    """The outbox, or the database that holds it, could not be read or written. It says nothing about Redis.

    Attributes:
        sqlstate: PostgreSQL's code, where it answered.
    """

    def __init__(self, message: str, sqlstate: str | None = None) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate


class UndeclaredTable(CacheError):  # noqa: N818  (it names what is wrong)
    """A load read a table that its declaration does not name."""


class Untrusted(CacheError):  # noqa: N818  (it names a state of Redis)
    """Redis answers, but may hold what a waiting invalidation is about to remove: check first."""
