"""Names in Redis. The value's key is readable; what guards it lies in the same cluster slot."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from django.core.cache import caches
from django.core.signals import setting_changed


class Node(NamedTuple):
    """Something that can be invalidated: a key, all keys of a pattern, or a family.

    Attributes:
        main: what is deleted: the value, the epoch of the pattern, or the hash of the family.
        guard: the leases beside it.
        fence: the commits in flight that change it.
    """

    main: str
    guard: str
    fence: str


def key_node(key: str) -> Node:
    """The node of one value, with ``guard:{…}`` hashing to the slot of the value's own key."""
    return Node(key, f"guard:{{{key}}}", f"fence:{{{key}}}")


def epoch_node(pattern: str) -> Node:
    """The node of all values of a pattern: they die with the epoch that they are stamped with."""
    epoch = f"epoch:{{{pattern}}}"
    return Node(epoch, epoch, f"fence:{epoch}")


@lru_cache(maxsize=256)
def full_key(key: str) -> str:
    """The key as Redis sees it: ``:1:v1:courses`` for ``v1:courses`` under Django's defaults."""
    return str(caches["default"].make_key(key))


def declared_name(main: str) -> str:
    """The key as an app declared it, without its parameters: for people who read counters."""
    key = main.removeprefix("epoch:{").removesuffix("}")
    return key.removeprefix(full_key(""))


def forget_prefix(*, setting: str, **_: Any) -> None:
    """Follow ``override_settings(CACHES=…)``."""
    if setting == "CACHES":
        full_key.cache_clear()


setting_changed.connect(forget_prefix)


def parameter(value: object) -> str:
    """A parameter as it stands in a key.

    Raises:
        ValueError: it holds a brace or white space, which would change the key's slot or its reading,
            or a colon, which would make it look like two.
    """
    text = str(value)
    if any(c in "{}:" or c.isspace() for c in text):
        raise ValueError(f"{text!r} cannot be part of a cache key")
    return text
