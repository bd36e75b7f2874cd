"""Where the cache's Redis is: one server, the master that a Sentinel names, or a cluster."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from django.conf import settings
from redis.connection import AbstractConnection, ConnectionPool

from caching.connection import Call, Command, Server


class Backend(Protocol):
    """What the store asks."""

    @property
    def breaks(self) -> int: ...

    def read(self, *keys: str) -> list[bytes | None]: ...
    def commands(self, *commands: Command) -> list[Any]: ...
    def run(self, *calls: Call) -> list[Any]: ...
    def scan(self, pattern: str) -> Iterator[str]: ...
    def recover(self) -> None: ...


class SingleServer(Server):
    """One server answers everything."""

    def read(self, *keys: str) -> list[bytes | None]:
        values: list[bytes | None] = self.command("MGET", *keys)
        return values


def _default_cache() -> dict[str, Any]:
    caches: dict[str, dict[str, Any]] = settings.CACHES
    return caches["default"]


def connection_factory(url: str) -> Callable[..., AbstractConnection]:
    """Makes connections to ``url`` with the cache's timeouts and without redis-py's retries.

    Keyword arguments of the maker (``host``, ``port``) beat those of the URL.
    """
    options: dict[str, Any] = _default_cache()["OPTIONS"]
    pool = ConnectionPool.from_url(
        url,
        socket_connect_timeout=options["SOCKET_CONNECT_TIMEOUT"],
        socket_timeout=options["SOCKET_TIMEOUT"],
        protocol=2,
        driver_info=None,
    )
    return functools.partial(pool.connection_class, **pool.connection_kwargs)


def backend() -> Backend:
    """The one that the settings choose."""
    connect = connection_factory(_default_cache()["LOCATION"])
    chosen: dict[str, Any] = getattr(settings, "CACHING", {})
    if chosen.get("CLUSTER"):
        from caching.cluster import ClusterBackend
        from caching.cluster_factory import cluster_client

        return ClusterBackend(
            cluster_client(),
            lambda host, port: connect(host=host, port=port, db=0),
        )
    if sentinels := chosen.get("SENTINELS"):
        from redis.sentinel import Sentinel

        sentinel = Sentinel(sentinels, socket_timeout=_default_cache()["OPTIONS"]["SOCKET_TIMEOUT"])

        def connect_to_master() -> AbstractConnection:
            host, port = sentinel.discover_master(chosen["MASTER"])
            return connect(host=host, port=port)

        return SingleServer(connect_to_master)
    return SingleServer(connect)
