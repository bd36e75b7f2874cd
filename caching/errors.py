"""What can go wrong between a process and the cache."""


class CacheError(Exception):
    """Base of the cache's errors."""


class RedisUnavailable(CacheError):  # noqa: N818  (it names a state of Redis)
    """Redis did not answer in time, refused, or could not carry the command out.

    A read falls back to the database. An invalidation is written into the outbox.
    """


class RedisRefused(RedisUnavailable):
    """A healthy server refused the command, for example because a key holds another type.

    The circuit breaker counts it as an answer.
    """


class OutboxUnavailable(CacheError):  # noqa: N818  (it names a state of the database)
    """The outbox could not be read or written, although Redis may answer.

    Reads fall back to the database until it can. It says nothing about Redis, so no circuit breaker
    counts it.
    """


class UndeclaredTable(CacheError):  # noqa: N818
    """A load read a table that its declaration does not name."""


class Untrusted(CacheError):  # noqa: N818
    """Redis answers, but may hold what a waiting invalidation is about to remove: check first."""
