"""Names of keys in Redis. A value's key is readable; its lease and fence are in the same cluster slot."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

from django.core.cache import caches
from django.core.signals import setting_changed

from caching import conf

NULL = "<null>"
_UNSAFE = re.compile(r"[{}:\s]")  # \s: exactly the characters for which str.isspace() is true


class Target(NamedTuple):
    """Something that can be invalidated: one value, a family, or all values of a key pattern.

    Attributes:
        key: the key to delete: that of the value, of the family's hash, or of the pattern's generation.
        lease_key: the key of its leases.
        fence_key: the key of its fences, one for each commit in flight that changes it.
    """

    key: str
    lease_key: str
    fence_key: str


def value_target(key: str) -> Target:
    """Return the target of one value or family. All three keys are in the slot of ``key``."""
    return Target(key, f"lease:{{{key}}}", f"fence:{{{key}}}")


@lru_cache(maxsize=256)
def group_target(stem: str) -> Target:
    """Return the target of all values whose keys begin with ``stem``: the generation in their tags."""
    generation = f"generation:{{{stem}}}"
    return Target(generation, generation, f"fence:{generation}")


def fenced_target(fence_key: str) -> Target:
    """Return the target whose fences are under a key."""
    name = fence_key.removeprefix("fence:")
    stem_or_key = name.removeprefix("generation:").removeprefix("{").removesuffix("}")
    return group_target(stem_or_key) if name.startswith("generation:") else value_target(stem_or_key)


@lru_cache(maxsize=256)
def stem(pattern: str) -> str:
    """Return the part of a key pattern that precedes its first parameter."""
    return pattern.partition("{")[0].rstrip(":")


@lru_cache(maxsize=256)
def full_key(key: str) -> str:
    """Return the key in Redis: ``:1:v1:courses`` for ``v1:courses`` with Django's defaults."""
    return str(caches[conf.get("CACHE_ALIAS")].make_key(key))


def declared_name(key: str) -> str:
    """Return the key as an app declared it, without its parameters: for people who read the counters."""
    return key.removeprefix("generation:{").removesuffix("}").removeprefix(full_key(""))


def parameter(value: object) -> str:
    """Return the text of a parameter in a key.

    Raises:
        ValueError: it contains a brace or white space, which would change the key's slot or meaning, or a
            colon, which would make it look like two parameters; or it has no text.
    """
    if value is None:
        return NULL
    text = str(value)
    if text == NULL or _UNSAFE.search(text):
        raise ValueError(f"{text!r} cannot be part of a cache key")
    return text


def value_of(text: str) -> Any:
    """Return the parameter for its text in a key. Text that looks like an integer becomes one."""
    if text == NULL:
        return None
    return int(text) if text.isdecimal() and str(int(text)) == text else text


def fill_in(pattern: str, params: dict[str, Any]) -> str:
    """Return the full key of ``pattern`` with its parameters."""
    prefix = stem(pattern)
    values = {name: parameter(value) for name, value in params.items()}
    return full_key(prefix) + pattern[len(prefix) :].format_map(values)


def _follow_settings(*, setting: str, **_: Any) -> None:
    if setting in {"CACHES", "CACHING"}:
        full_key.cache_clear()


setting_changed.connect(_follow_settings)
