"""Redis Cluster: each command is sent to the node that holds its slot."""

from __future__ import annotations

import functools
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from redis.connection import AbstractConnection
from redis.exceptions import AskError, MovedError

from caching.errors import RedisUnavailable
from caching.redis.client import RUN_ID_KEY, RedisClient, run_is_not_recorded
from caching.redis.replies import raise_first_error
from caching.redis.scripts import Command, ScriptCall
from caching.redis.slots import Node, SlotMap, slot_of

# How long requests do not try a node again after it has failed.
SUSPECT_SECONDS = 0.25
# A request that has waited longer for a node does not wait for another one.
IN_TIME_SECONDS = 0.1


class Item(NamedTuple):
    """A command or a script call with the slot of its keys."""

    slot: int
    call: Command | ScriptCall


class ClusterBackend:
    """One ``RedisClient`` for each primary.

    The map of the slots is read at the first command, after a MOVED, and when a node fails. A command whose
    slot has moved to another node by then is sent there. A node that hangs costs one request one timeout:
    for a short time afterwards, other requests to that node fail at once.

    Args:
        nodes: the nodes from which to read the map at first.
        connect: makes a connection to a node, not yet opened; accepts other timeouts as options.
        distrust: whether to clear a node that has restarted.
        slow_seconds: ``reconnect`` fails if a PING takes longer.
    """

    def __init__(
        self,
        nodes: Iterable[Node],
        connect: Callable[..., AbstractConnection],
        *,
        distrust: bool = True,
        slow_seconds: float = float("inf"),
    ) -> None:
        self._connect = connect
        self._distrust = distrust
        self._slow_seconds = slow_seconds
        self._clients: dict[Node, RedisClient] = {}
        self._suspects: dict[Node, float] = {}
        self._map = SlotMap(nodes, connect)

    @property
    def breaks(self) -> int:
        """The number of connections that have broken, to any node."""
        return sum(client.breaks for client in list(self._clients.values()))

    def read(self, *keys: str) -> list[bytes | None]:
        """Return the values of some keys, by one MGET for each of their slots.

        Raises:
            RedisUnavailable: no usable answer in time from a node.
        """
        by_slot: dict[int, list[str]] = defaultdict(list)
        for key in keys:
            by_slot[slot_of(key)].append(key)
        replies = self._send(Item(slot, ("MGET", *group)) for slot, group in by_slot.items())
        found: dict[str, bytes | None] = {}
        for group, values in zip(by_slot.values(), replies, strict=True):
            found.update(zip(group, values, strict=True))
        return [found[key] for key in keys]

    def commands(self, *commands: Command) -> list[Any]:
        """Return the replies to plain commands; the second word of each is the key.

        Raises:
            RedisUnavailable: the reply to one is missing; others may have been run.
        """
        return self._send(Item(slot_of(str(words[1])), words) for words in commands)

    def run(self, *calls: ScriptCall) -> list[Any]:
        """Return the results of scripts, in one round trip for each node.

        Raises:
            RedisUnavailable: the reply to one is missing; others may have been run.
        """
        return self._send(Item(slot_of(call.keys[0]), call) for call in calls)

    def scan(self, pattern: str) -> Iterator[str]:
        """Yield the keys of every primary that match."""
        for node in self._map.primaries():
            yield from self._client(node).scan(pattern)

    def node_keys(self, name: str) -> list[str]:
        """Return a key that begins with ``name`` on each primary."""
        keys = (self._map.key_of(node, name) for node in self._map.primaries())
        return [key for key in keys if key is not None]

    def reconnect(self) -> None:
        """Read the map, and replace the connections to every primary.

        Raises:
            RedisUnavailable: a node does not answer yet, or a slot has no node.
        """
        self._map.learn()
        if not self._map.is_complete:
            raise RedisUnavailable("some slots have no node")
        for node in self._map.primaries():
            self._client(node).reconnect()
        self._suspects.clear()

    def close(self) -> None:
        """Close the idle connections."""
        for client in list(self._clients.values()):
            client.close()

    def _send(self, items: Iterable[Item]) -> list[Any]:
        batch = list(items)
        began = time.monotonic()
        try:
            replies = self._send_by_node(batch)
        except RedisUnavailable:
            if time.monotonic() - began > IN_TIME_SECONDS:
                raise
            self._map.learn()  # the node may have failed over
            replies = self._send_by_node(batch)
        moved = [i for i, reply in enumerate(replies) if isinstance(reply, MovedError)]
        if moved:
            self._map.learn()
            for i in moved:  # the map may come from a node that does not know of the move yet
                self._map.assign(batch[i].slot, Node(replies[i].host, replies[i].port))
            for i, reply in zip(moved, self._send_by_node([batch[i] for i in moved]), strict=True):
                replies[i] = reply
        if any(isinstance(reply, MovedError) for reply in replies):
            raise RedisUnavailable("a slot moves faster than its node can be found")
        raise_first_error(replies)
        return replies

    def _send_by_node(self, batch: list[Item]) -> list[Any]:
        by_node: dict[Node, list[int]] = defaultdict(list)
        for index, item in enumerate(batch):
            by_node[self._map.node(item.slot)].append(index)
        replies: list[Any] = [None] * len(batch)
        for node, indexes in by_node.items():
            for index, reply in zip(indexes, self._ask(node, [batch[i].call for i in indexes]), strict=True):
                if isinstance(reply, AskError):
                    reply.host = reply.host or node.host
                    if not isinstance(reply, MovedError):
                        reply = self._ask_other(Node(reply.host, reply.port), batch[index].call)
                replies[index] = reply
        return replies

    def _ask(self, node: Node, calls: list[Any]) -> list[Any]:
        if self._suspects.get(node, 0.0) > time.monotonic():
            raise RedisUnavailable(f"{node.host}:{node.port} did not answer a moment ago")
        client = self._client(node)
        try:
            if isinstance(calls[0], ScriptCall):
                return client.exchange_calls(calls)
            return client.exchange(calls)
        except RedisUnavailable:
            self._suspects[node] = time.monotonic() + SUSPECT_SECONDS
            raise

    def _ask_other(self, node: Node, call: Command | ScriptCall) -> Any:
        """Return the reply of a node to which a slot is being moved."""
        words = call.by_text() if isinstance(call, ScriptCall) else call
        return self._client(node).exchange([("ASKING",), words])[1]

    def _client(self, node: Node) -> RedisClient:
        client = self._clients.get(node)
        if client is None:
            record = (
                functools.partial(self._map.key_of, node, RUN_ID_KEY)
                if self._distrust
                else run_is_not_recorded
            )
            made = RedisClient(
                functools.partial(self._connect, node), record=record, slow_seconds=self._slow_seconds
            )
            client = self._clients.setdefault(node, made)
        return client
