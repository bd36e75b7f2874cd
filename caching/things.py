"""What an app declares: a cached value under a key of its own, or as a member of a family."""

from __future__ import annotations

import functools
import string
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode

from django.db.models import Model

from caching.keys import Node, epoch_node, full_key, key_node, parameter
from caching.reading import Reading
from caching.readthrough import read_through
from caching.registry import depend
from caching.slots import KeySlot, MemberSlot
from caching.transaction import changes


class Cached:
    """Values that each have a readable key.

    Args:
        key: the key's pattern, ``"v1:courses:detail:{pk}"``; its parameters are those of ``get``.
        ttl: seconds that a value lives at most.
        load: called with the same parameters on a miss; returns what JSON can hold, or raises.
        depends_on: models whose tables feed the value.
    """

    def __init__(
        self,
        key: str,
        *,
        ttl: int,
        load: Callable[..., Any],
        depends_on: Iterable[type[Model]],
    ) -> None:
        self._key = key
        self._stem = key.partition("{")[0].rstrip(":")
        self._parameters = [name for _, name, _, _ in string.Formatter().parse(key) if name]
        self._ttl = ttl
        self._load = load
        depend(depends_on, self._whole)

    def get(self, **params: Any) -> Reading:
        """The value, from the cache or loaded.

        Raises:
            whatever ``load`` raises; ValueError for a parameter that cannot stand in a key.
        """
        slot = KeySlot(self._node(params), self._whole(), self._ttl)
        return read_through(slot, functools.partial(self._load, **params))

    def touch(self, **params: Any) -> None:
        """Have the commit of the change invalidate this one key."""
        changes().touch(self._node(params), self._whole())

    def touch_all(self) -> None:
        """Have the commit of the change invalidate every key of the pattern, in one step."""
        changes().touch(self._whole(), self._whole())

    def _node(self, params: dict[str, Any]) -> Node:
        values = {name: parameter(params[name]) for name in self._parameters}
        return key_node(full_key(self._stem) + self._key[len(self._stem) :].format_map(values))

    def _whole(self) -> Node:
        return epoch_node(full_key(self._stem))


class CachedFamily:
    """Values that are fields of one hash and die together: one list under all its filters.

    Args:
        key: the hash's key.
        ttl: seconds that the hash lives, from its first value on.
        load: called with the parameters on a miss; returns what JSON can hold, or raises.
        depends_on: models whose tables feed the values.
        most: how many values it holds; further ones are loaded but not stored.
    """

    def __init__(
        self,
        key: str,
        *,
        ttl: int,
        load: Callable[..., Any],
        depends_on: Iterable[type[Model]],
        most: int = 1000,
    ) -> None:
        self._key = key
        self._ttl = ttl
        self._load = load
        self._most = most
        depend(depends_on, self._whole)

    def get(self, **params: Any) -> Reading:
        """The value for ``params``, from the cache or loaded.

        Raises:
            whatever ``load`` raises.
        """
        given = sorted((name, value) for name, value in params.items() if value is not None)
        slot = MemberSlot(self._whole(), urlencode(given), self._ttl, self._most)
        return read_through(slot, functools.partial(self._load, **params))

    def touch(self) -> None:
        """Have the commit of the change invalidate the whole family, in one step."""
        changes().touch(self._whole(), self._whole())

    def _whole(self) -> Node:
        key = full_key(self._key)
        return Node(key, f"lease:{{{key}}}", f"fence:{{{key}}}")
