"""The map of a cluster, from its slots to its nodes."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable
from typing import NamedTuple

from redis.connection import AbstractConnection
from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot

from caching.errors import RedisUnavailable
from caching.redis.connection import ask
from caching.redis.directory import ANSWER_SECONDS, Directory


class Node(NamedTuple):
    """The address of a node."""

    host: str
    port: int


class SlotMap:
    """The primary of each slot, read from a node when it is first needed.

    Args:
        nodes: the nodes from which to read the map at first; later every node in the map is tried, too.
        connect: makes a connection to a node, not yet opened; accepts other timeouts as options.
    """

    def __init__(self, nodes: Iterable[Node], connect: Callable[..., AbstractConnection]) -> None:
        self._connect = connect
        self._slots: list[Node | None] = []  # empty until it is read
        self._directory = Directory(_ask_for_slots, {node: self._briefly(node) for node in nodes})

    @property
    def is_complete(self) -> bool:
        """Whether every slot has a node."""
        return bool(self._slots) and None not in self._slots

    def node(self, slot: int) -> Node:
        """Return the node that holds a slot.

        Raises:
            RedisUnavailable: the slot has no node, or no node returns the map.
        """
        if not self._slots:
            self.learn()
        node = self._slots[slot]
        if node is None:
            raise RedisUnavailable(f"slot {slot} has no node")
        return node

    def primaries(self) -> list[Node]:
        """Return every node that holds a slot.

        Raises:
            RedisUnavailable: no node returns the map.
        """
        if not self._slots:
            self.learn()
        return list(dict.fromkeys(node for node in self._slots if node is not None))

    def learn(self) -> None:
        """Read the map from a node.

        Raises:
            RedisUnavailable: no node returns it.
        """
        slots: list[Node | None] = [None] * REDIS_CLUSTER_HASH_SLOTS
        for first, last, node in self._directory.find():
            slots[first : last + 1] = [node] * (last + 1 - first)
        self._slots = slots
        nodes = dict.fromkeys(node for node in slots if node is not None)
        self._directory.know({node: self._briefly(node) for node in nodes})

    def assign(self, slot: int, node: Node) -> None:
        """Record that a slot has moved to a node."""
        self._slots[slot] = node

    def key_of(self, node: Node, name: str) -> str | None:
        """Return a key that begins with ``name`` in one of the node's slots, None if it has no slot.

        A node without a slot holds only keys of a slot that is being moved to it.
        """
        slots = self._slots
        if node not in slots:
            return None
        numbered = (f"{name}:{{{i}}}" for i in itertools.count())
        return next(key for key in numbered if slots[slot_of(key)] == node)

    def _briefly(self, node: Node) -> Callable[[], AbstractConnection]:
        timeouts = {"socket_connect_timeout": ANSWER_SECONDS, "socket_timeout": ANSWER_SECONDS}
        return functools.partial(self._connect, node, **timeouts)


def slot_of(key: str) -> int:
    """Return the slot of a key."""
    return key_slot(key.encode())


def _ask_for_slots(address: tuple[str, int], connection: AbstractConnection) -> list[tuple[int, int, Node]]:
    """Return the ranges of slots and their primaries according to one node.

    Raises:
        RedisUnavailable: it knows none, for example because it has left its cluster.
    """
    ranges = ask(connection, "CLUSTER", "SLOTS")
    if not ranges:
        raise RedisUnavailable("it knows no slots")
    return [
        (int(first), int(last), Node((primary[0] or address[0].encode()).decode(), int(primary[1])))
        for first, last, primary, *_ in ranges
    ]
