"""The cache's Redis: where it is, and whether it is worth asking."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar

from django.conf import settings
from django.core.signals import setting_changed
from redis.connection import AbstractConnection, ConnectionPool

from caching import outbox
from caching.breaker import Breaker
from caching.connection import Call, Command, Server
from caching.errors import Unreachable

Answer = TypeVar("Answer")


class Backend(Protocol):
    """One server, the master that a Sentinel names, or a cluster."""

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


class Store:
    """Every exchange with Redis: none is tried while the breaker is open.

    Raises (all methods):
        Unreachable: no answer, or the breaker is open.
    """

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.breaker = Breaker("Redis", self._recover)
        self._trusted_at = -1  # how many connections had broken when the outbox was last drained

    def read(self, *keys: str) -> list[bytes | None]:
        """The values of some keys in one plain command."""
        self._trust()
        return self._ask(self.backend.read, *keys)

    def read_members(self, key: str, *members: str) -> list[bytes | None]:
        """The values of some fields of a hash in one plain command."""
        self._trust()
        values: list[bytes | None] = self._ask(self.backend.commands, ("HMGET", key, *members))[0]
        return values

    def command(self, *words: Any) -> Any:
        """One plain command."""
        return self._ask(self.backend.commands, words)[0]

    def commands(self, *commands: Command) -> list[Any]:
        """Plain commands in one round trip."""
        return self._ask(self.backend.commands, *commands)

    def run(self, *calls: Call) -> list[Any]:
        """Scripts in one round trip."""
        return self._ask(self.backend.run, *calls)

    def drain(self) -> int:
        """Carry out the outbox now; how many rows it held."""
        return self._ask(outbox.drain, self.backend.run)

    def _trust(self) -> None:
        """Before the first read, and the first after a broken connection: what did Redis miss?

        Not before a fence: a commit may hold locks that draining would wait for.
        """
        breaks = self.backend.breaks
        if breaks != self._trusted_at:
            self.drain()
            self._trusted_at = breaks

    def _recover(self) -> None:
        self.backend.recover()
        breaks = self.backend.breaks
        outbox.drain(self.backend.run)
        self._trusted_at = breaks

    def _ask(self, method: Callable[..., Answer], *args: Any) -> Answer:
        if self.breaker.is_open:
            raise Unreachable("the breaker is open")
        try:
            answer = method(*args)
        except Unreachable:
            self.breaker.failed()
            raise
        self.breaker.succeeded()
        return answer


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


def _backend() -> Backend:
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


@functools.cache
def get_store() -> Store:
    """The store of the settings' default cache."""
    return Store(_backend())


def _forget_store(*, setting: str, **_: Any) -> None:
    if setting == "CACHES":
        get_store.cache_clear()


setting_changed.connect(_forget_store)
