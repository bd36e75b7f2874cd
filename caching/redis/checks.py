"""A system check: no other setting may use the cache's database.

That database is cleared after a restart of Redis. A broker in the same database would lose its queue.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

from caching.conf import SEPARATE_FROM, RedisConf, caching_settings, redis_conf
from caching.redis.addresses import (
    PORT,
    conf_of,
    endpoint_of,
    node_endpoint,
    sentinel_endpoints,
    without_password,
)

REDIS_SCHEMES = ("redis://", "rediss://", "unix://", "redis+socket://", "sentinel://")
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class Database(NamedTuple):
    """A database and all addresses that lead to it."""

    servers: frozenset[tuple[str, str, int]]
    number: int

    def is_same(self, other: Database) -> bool:
        """Return whether both are the same database, as far as addresses show."""
        return self.number == other.number and bool(self.servers & other.servers)


def check_databases(**_: Any) -> list[CheckMessage]:
    """Check each setting in ``CACHING["SEPARATE_FROM"]`` that holds the URL of a Redis."""
    try:
        cache = database_of(redis_conf())
    except ImproperlyConfigured as error:
        return [Error(f"The cache's Redis: {error}", id="caching.E010")]
    return [*_clashes(cache, caching_settings().get("SEPARATE_FROM", SEPARATE_FROM))]


def database_of(conf: RedisConf) -> Database:
    """Return the database of a configuration.

    Raises:
        ImproperlyConfigured: an address cannot be parsed.
    """
    endpoint = endpoint_of(conf)
    if conf.cluster:
        nodes = [node_endpoint(endpoint, server, PORT).address for server in conf.cluster]
        return Database(_servers("", nodes), 0)
    if conf.sentinels:
        sentinels = [sentinel.address for sentinel in sentinel_endpoints(conf)]
        return Database(_servers(conf.master, sentinels), endpoint.db)
    return Database(_servers("", [endpoint.address]), endpoint.db)


def _clashes(cache: Database, names: Iterable[str]) -> Iterator[CheckMessage]:
    for name in names:
        url = getattr(settings, name, None)
        if not isinstance(url, str) or not url.startswith(REDIS_SCHEMES):
            continue
        try:
            other = database_of(conf_of(url, master=redis_conf().master))
        except ImproperlyConfigured as error:
            yield Error(f"{name}: {error}", id="caching.E010")
            continue
        if cache.is_same(other):
            yield Error(
                f"{name} is the cache's database, {without_password(url)}: it is cleared when Redis restarts",
                hint="Give the cache a number of its own, such as …/1, and the other one …/0.",
                id="caching.E011",
            )


def _servers(master: str, addresses: Iterable[tuple[str, int]]) -> frozenset[tuple[str, str, int]]:
    return frozenset(
        (master, "localhost" if host.lower() in LOOPBACK else host.lower(), port) for host, port in addresses
    )
