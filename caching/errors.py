"""The exceptions of the cache."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class CacheError(Exception):
    """Base of the cache's errors."""


class RedisUnavailable(CacheError):  # noqa: N818  (it names a state of Redis)
    """Redis did not answer in time, cannot be reached, or cannot serve at present.

    A read falls back to the database. An invalidation is written to the outbox. A circuit breaker counts
    it as a failure.
    """


class RedisRefused(RedisUnavailable):
    """A healthy server answered a command with an error: WRONGTYPE, a script's own error, bad syntax.

    The caller continues without the cache, as with any ``RedisUnavailable``. A circuit breaker does not
    count it as a failure: other commands work.

    Attributes:
        replies: to all commands of the exchange, in their order; errors among them.
    """

    def __init__(self, message: str, replies: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.replies = list(replies)


class OutboxUnavailable(CacheError):  # noqa: N818  (it names a state of the outbox)
    """The outbox, or the database that holds it, could not be read or written. Redis may be well.

    Attributes:
        sqlstate: PostgreSQL's error code; None if PostgreSQL did not answer.
    """

    def __init__(self, message: str, sqlstate: str | None = None) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate


class UndeclaredTable(CacheError):  # noqa: N818  (it names what is wrong)
    """A load read a table that its declaration does not name."""


class Untrusted(CacheError):  # noqa: N818  (it names a state of Redis)
    """Redis answers, but an invalidation may not have reached it yet, so its values may be stale."""
