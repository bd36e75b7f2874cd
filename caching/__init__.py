"""A cache that is never stale, for Django on PostgreSQL and Redis. README.md is its manual.

An app declares what it caches and which tables invalidate it. Its views call ``get`` of the declaration,
which returns a ``CacheResult``.
"""

from caching.declarations import ALL, Cached, CachedFamily
from caching.errors import RedisUnavailable
from caching.read.result import CacheResult, uncached

__all__ = ["ALL", "CacheResult", "Cached", "CachedFamily", "RedisUnavailable", "uncached"]
