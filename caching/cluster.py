"""Redis Cluster: the same scripts, each sent to the node that holds its slot."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, cast

from redis.cluster import ClusterNode, RedisCluster
from redis.connection import AbstractConnection
from redis.exceptions import RedisError

from caching.connection import Call, Command, Server
from caching.errors import Unreachable

Connect = Callable[[str, int], AbstractConnection]


class ClusterBackend:
    """One ``Server`` for each primary of the cluster.

    redis-py keeps the map of slots; the exchange is the cache's own, with its timeouts.

    Args:
        cluster: redis-py's client, asked for the map only.
        connect: makes a connection to a host and port.
    """

    def __init__(self, cluster: RedisCluster, connect: Connect) -> None:
        self._cluster = cluster
        self._connect = connect
        self._servers: dict[str, Server] = {}

    @property
    def breaks(self) -> int:
        """How many connections have broken, to any node."""
        return sum(server.breaks for server in self._servers.values())

    def read(self, *keys: str) -> list[bytes | None]:
        """The values of some keys: one MGET for each slot that they lie in."""
        by_slot: dict[int, list[str]] = defaultdict(list)
        for key in keys:
            by_slot[self._slot(key)].append(key)
        replies = self._everywhere([(slot, ("MGET", *group)) for slot, group in by_slot.items()])
        found: dict[str, bytes | None] = {}
        for group, values in zip(by_slot.values(), replies, strict=True):
            found.update(zip(group, values, strict=True))
        return [found[key] for key in keys]

    def commands(self, *commands: Command) -> list[Any]:
        """Plain commands; the word after the first is the key."""
        return self._everywhere([(self._slot(str(words[1])), words) for words in commands])

    def run(self, *calls: Call) -> list[Any]:
        """Scripts, in one round trip for each node."""
        return self._everywhere([(self._slot(call.keys[0]), call) for call in calls])

    def scan(self, pattern: str) -> Iterator[str]:
        """The keys of every primary that match."""
        for node in self._cluster.get_primaries():
            yield from self._server(node).scan(pattern)

    def recover(self) -> None:
        """Learn the map anew, and reach every node."""
        self._learn_map()
        for node in self._cluster.get_primaries():
            self._server(node).recover()

    def _everywhere(self, items: list[tuple[int, Any]]) -> list[Any]:
        try:
            return self._send(items)
        except Unreachable as error:
            if not isinstance(error.__cause__, RedisError):
                raise
            self._learn_map()  # the slot has moved, or its node has failed over
            return self._send(items)

    def _send(self, items: list[tuple[int, Any]]) -> list[Any]:
        by_server: dict[Server, list[int]] = defaultdict(list)
        for index, (slot, _) in enumerate(items):
            by_server[self._server_of(slot)].append(index)
        replies: list[Any] = [None] * len(items)
        for server, indexes in by_server.items():
            batch = [items[i][1] for i in indexes]
            send = server.run if isinstance(batch[0], Call) else server.commands
            for i, reply in zip(indexes, send(*batch), strict=True):
                replies[i] = reply
        return replies

    def _slot(self, key: str) -> int:
        return cast("int", self._cluster.keyslot(key))

    def _server_of(self, slot: int) -> Server:
        try:
            return self._server(self._cluster.nodes_manager.get_node_from_slot(slot))
        except RedisError as error:
            raise Unreachable(str(error)) from error

    def _server(self, node: ClusterNode) -> Server:
        if node.name not in self._servers:
            connect = functools.partial(self._connect, node.host, node.port)
            record = functools.partial(self._run_id_key, node.name)
            self._servers[node.name] = Server(connect, record)
        return self._servers[node.name]

    def _run_id_key(self, name: str) -> str:
        """A key in one of the node's own slots, where its run is recorded."""
        numbered = (f"caching:run_id:{{{i}}}" for i in range(1_000_000))
        manager = self._cluster.nodes_manager
        return next(key for key in numbered if manager.get_node_from_slot(self._slot(key)).name == name)

    def _learn_map(self) -> None:
        try:
            self._cluster.nodes_manager.initialize()
        except RedisError as error:
            raise Unreachable(str(error)) from error
