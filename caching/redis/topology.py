"""From a configuration to what answers commands.

One server by TCP, TLS or unix socket, the master that Sentinels name, or a cluster.
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
    """A Redis, of whatever topology. Every method raises ``RedisUnavailable`` and nothing else."""

    @property
    def breaks(self) -> int:
        """How many connections have broken, to any node."""

    def read(self, *keys: str) -> list[bytes | None]:
        """Return the values of some keys."""

    def commands(self, *commands: Command) -> list[Any]:
        """Return the replies to plain commands; the word after the first is the key."""

    def run(self, *calls: ScriptCall) -> list[Any]:
        """Return what scripts return; the keys of each lie in one slot."""

    def scan(self, pattern: str) -> Iterator[str]:
        """Return the keys that match."""

    def node_keys(self, name: str) -> list[str]:
        """Return a key on each node that begins with ``name``."""

    def reconnect(self) -> None:
        """Reach every node by new connections."""

    def close(self) -> None:
        """Drop the idle connections."""


def make_backend(conf: RedisConf, *, distrust: bool = True, slow_seconds: float = float("inf")) -> Backend:
    """Return what answers commands for a configuration. Nothing is connected yet.

    Args:
        conf: where Redis is.
        distrust: whether a server that has restarted is cleared. Only for a cache.
        slow_seconds: a server that takes longer for a PING is not back yet.

    Raises:
        ImproperlyConfigured: an address cannot be understood.
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
    """Return how to connect to the one server, or to the master that the Sentinels name.

    Raises:
        ImproperlyConfigured: an address cannot be understood.
    """
    endpoint = endpoint_of(conf)
    return _following_master(conf, endpoint) if conf.sentinels else endpoint


def current_server(conf: RedisConf) -> Endpoint:
    """Return the server to which commands go now: with Sentinels their master, of a cluster its first node.

    Raises:
        ImproperlyConfigured: an address cannot be understood.
        RedisUnavailable: no Sentinel knows the master.
    """
    if conf.cluster:
        return node_endpoint(endpoint_of(conf).with_options(db=0), conf.cluster[0], PORT)
    endpoint = endpoint_of(conf)
    if not conf.sentinels:
        return endpoint
    return endpoint.at(*master_endpoint(conf).options["find_master"]())


def _following_master(conf: RedisConf, endpoint: Endpoint) -> Endpoint:
    """Return an endpoint whose connections ask the Sentinels for the master whenever they are opened."""
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
