"""What can go wrong between a process and the cache."""


class CacheError(Exception):
    """Base of the cache's errors."""


class Unreachable(CacheError):  # noqa: N818  (it names a state of Redis)
    """Redis did not answer in time, refused, or could not carry the command out.

    A read falls back to the database. An invalidation is written into the outbox.
    """
