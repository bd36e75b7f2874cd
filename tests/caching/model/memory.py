"""What Redis holds in a world, and how a script changes it: carried out on a real Redis, once each.

Redis' own clock is taken out of it: each time is either long past or never to come.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from caching.keys import Node
from caching.redis.scripts import ScriptCall
from caching.slots import EPOCH_BYTES

NEVER_MS, LONG_AGO_MS = "9000000000000", "1"

# What Redis holds: (key, content), sorted; content is text, or sorted (field, text) pairs.
Content = str | tuple[tuple[str, str], ...]
Contents = tuple[tuple[str, Content], ...]

_contents: list[Contents] = []


@functools.cache
def remember(contents: Contents) -> int:
    """A small number that stands for the contents, as worlds are compared very often."""
    _contents.append(contents)
    return len(_contents) - 1


def recall(memory: int) -> Contents:
    """The contents that a number stands for."""
    return _contents[memory]


EMPTY = remember(())


class Later(BaseException):
    """The step has had its one exchange with Redis."""


class Engine:
    """Carries scripts out on a memory that it puts into Redis first, and remembers the outcome."""

    def __init__(self, client: Any, key: Node, pattern: Node | None) -> None:
        self._client = client
        self._known: dict[Any, tuple[Any, int]] = {}
        self._types = _types(key, pattern)
        self.memory = EMPTY
        self._left = 0

    # What ``get_store()`` is, for the code under test.
    def read(self, *keys: str) -> Any:
        return self._one(("MGET", *keys))

    def read_members(self, *words: str) -> Any:
        return self._one(("HMGET", *words))

    def lease(self, call: ScriptCall) -> Any:
        return self._one(call.by_text())

    def run(self, *calls: ScriptCall) -> list[Any]:
        [call] = calls
        return [self._one(call.by_text())]

    def step(self, memory: int, work: Callable[[], Any]) -> Any:
        """``work``, until its second exchange: whatever it does in between, others may act."""
        self.memory, self._left = memory, 1
        return work()

    def _one(self, words: tuple[Any, ...]) -> Any:
        if not self._left:
            raise Later
        self._left -= 1
        asked = (self.memory, words)
        if asked not in self._known:
            self._known[asked] = self._really(words)
        reply, self.memory = self._known[asked]
        return reply

    def _really(self, words: tuple[Any, ...]) -> tuple[Any, int]:
        pipe = self._client.pipeline(transaction=False)
        pipe.delete(*self._types)
        restored = [self._put(pipe, key, content) for key, content in recall(self.memory)]
        pipe.execute_command(*words)
        for key, kind in self._types.items():
            _get(pipe, key, kind)
        replies = pipe.execute()[1 + len(restored) :]
        contents = zip(self._types, replies[1:], strict=True)
        held = sorted((key, _timeless(value)) for key, value in contents if value)
        return replies[0], remember(tuple(held))

    def _put(self, pipe: Any, key: str, content: Content) -> None:
        if self._types[key] == "string":
            pipe.set(key, content)
        elif self._types[key] == "hash":
            pipe.hset(key, mapping=dict(content))
        else:
            pipe.zadd(key, {member: float(score) for member, score in content})


def _types(key: Node, pattern: Node | None) -> dict[str, str]:
    if pattern is None:
        return {key.main: "hash", key.guard: "hash", key.fence: "zset"}
    strings = dict.fromkeys((key.main, key.guard, pattern.main), "string")
    return strings | {key.fence: "zset", pattern.fence: "zset"}


def _get(pipe: Any, key: str, kind: str) -> None:
    if kind == "string":
        pipe.get(key)
    elif kind == "hash":
        pipe.hgetall(key)
    else:
        pipe.zrange(key, 0, -1, withscores=True)


def _timeless(value: Any) -> Content:
    """The content, with each time in it either long past or never to come."""
    if isinstance(value, bytes):
        text = value.decode()
        return text[: EPOCH_BYTES + 2] + NEVER_MS if text.startswith("S") else text
    if isinstance(value, dict):
        return tuple(sorted((k.decode(), _timeless_field(k.decode(), v.decode())) for k, v in value.items()))
    return tuple(sorted((member.decode(), _when(score)) for member, score in value))


def _timeless_field(name: str, text: str) -> str:
    if name == "#expires":
        return NEVER_MS
    expires, colon, token = text.partition(":")
    return f"{_when(float(expires))}:{token}" if colon else text


def _when(score: float) -> str:
    return LONG_AGO_MS if score == float(LONG_AGO_MS) else NEVER_MS


def after_a_while(memory: int) -> int:
    """Fences and leases have expired; values have not."""
    held = recall(memory)
    left = ((key, _expired(key, content)) for key, content in held if not _is_lease_of_a_key(key, content))
    return remember(tuple(left))


def _is_lease_of_a_key(key: str, content: Content) -> bool:
    return key.startswith("guard:") and isinstance(content, str) and content.startswith("L")


def _expired(key: str, content: Content) -> Content:
    if key.startswith("fence:"):
        return tuple((member, LONG_AGO_MS) for member, _ in content)
    if key.startswith("lease:"):
        return tuple((member, f"{LONG_AGO_MS}:{text.partition(':')[2]}") for member, text in content)
    return content
