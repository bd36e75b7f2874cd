"""Make the client for a configuration.

It is one server by TCP, TLS or unix socket, the master that Sentinels monitor, or a cluster.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any, Protocol

from redis.connection import AbstractConnection

from caching.conf import RedisConf
from caching.redis import client, directory
from caching.redis.addresses import PORT, Endpoint, endpoint_of, node_endpoint, sentinel_endpoints
from caching.redis.cluster import ClusterBackend
from caching.redis.scripts import Command, ScriptCall
from caching.redis.sentinel import MasterConnection, MasterSSLConnection, ask_for_master
from caching.redis.slots import Node


class Backend(Protocol):
    """A Redis in any topology. Every method raises ``RedisUnavailable`` and no other exception."""

    @property
    def breaks(self) -> int:
        """The number of connections that have broken, to any node."""

    def read(self, *keys: str) -> list[bytes | None]:
        """Return the values of some keys."""

    def commands(self, *commands: Command) -> list[Any]:
        """Return the replies to plain commands; the second word of each is the key."""

    def run(self, *calls: ScriptCall) -> list[Any]:
        """Return the results of scripts; the keys of each are in one slot."""

    def scan(self, pattern: str) -> Iterator[str]:
        """Yield the keys that match."""

    def node_keys(self, name: str) -> list[str]:
        """Return a key that begins with ``name`` on each node."""

    def reconnect(self) -> None:
        """Replace all connections, and check that every node answers."""

    def close(self) -> None:
        """Close the idle connections."""


def make_backend(conf: RedisConf, *, distrust: bool = True, slow_seconds: float = float("inf")) -> Backend:
    """Return the client for a configuration. It does not connect yet.

    Args:
        conf: the configuration.
        distrust: whether to clear a server that has restarted. Only for a cache.
        slow_seconds: ``reconnect`` fails if a PING takes longer.

    Raises:
        ImproperlyConfigured: an address cannot be parsed.
    """
    if conf.cluster:
        base = endpoint_of(conf).with_options(db=0)
        nodes = [node_endpoint(base, server, PORT) for server in conf.cluster]
        return ClusterBackend(
            [Node(*node.address) for node in nodes],
            functools.partial(_at, base, {node.address: node for node in nodes}),
            distrust=distrust,
            slow_seconds=slow_seconds,
        )
    record = client.run_id_key if distrust else client.run_is_not_recorded
    return client.RedisClient(master_endpoint(conf).connect, record=record, slow_seconds=slow_seconds)


def master_endpoint(conf: RedisConf) -> Endpoint:
    """Return the endpoint of the one server, or of the master that the Sentinels monitor.

    Raises:
        ImproperlyConfigured: an address cannot be parsed.
    """
    endpoint = endpoint_of(conf)
    return _following_master(conf, endpoint) if conf.sentinels else endpoint


def current_server(conf: RedisConf) -> Endpoint:
    """Return the server that receives commands now: with Sentinels the master, in a cluster the first node.

    Raises:
        ImproperlyConfigured: an address cannot be parsed.
        RedisUnavailable: no Sentinel knows the master.
    """
    if conf.cluster:
        return node_endpoint(endpoint_of(conf).with_options(db=0), conf.cluster[0], PORT)
    endpoint = endpoint_of(conf)
    if not conf.sentinels:
        return endpoint
    return endpoint.at(*master_endpoint(conf).options["find_master"]())


def shared_database(cache: RedisConf, other: RedisConf) -> int | None:
    """Return the number of the other's database if both are databases of one server, else None.

    Both must also have the same credentials: one exchange may use only what both users may.

    Raises:
        ImproperlyConfigured: an address cannot be parsed.
    """
    if cache.cluster or other.cluster:
        return None
    ours, theirs = (
        (*endpoint_of(conf).with_options(db=0), [server.address for server in sentinel_endpoints(conf)])
        for conf in (cache, other)
    )
    is_one = ours == theirs and (not cache.sentinels or cache.master == other.master)
    return endpoint_of(other).db if is_one else None


def _following_master(conf: RedisConf, endpoint: Endpoint) -> Endpoint:
    """Return an endpoint whose connections query the Sentinels for the master whenever they open."""
    brief = {"socket_connect_timeout": directory.ANSWER_SECONDS, "socket_timeout": directory.ANSWER_SECONDS}
    servers = [sentinel.with_options(**brief) for sentinel in sentinel_endpoints(conf)]
    sentinels = directory.Directory(
        functools.partial(ask_for_master, conf.master),
        {server.address: server.connect for server in servers},
    )
    master = endpoint.at("", 0)
    kind = MasterSSLConnection if master.is_tls else MasterConnection
    return Endpoint(kind, {**master.options, "find_master": sentinels.find})


def _at(
    base: Endpoint, known: dict[tuple[str, int], Endpoint], node: Node, **options: Any
) -> AbstractConnection:
    return known.get(node, base.at(*node)).connect(**options)
