"""The content of Redis in a state, and how a script changes it. Each script runs once on a real Redis.

The clock of Redis is excluded: each time is either far in the past or far in the future.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

from caching.gateway import RedisGateway
from caching.keys import Target
from caching.redis.scripts import ScriptCall

NEVER_MS, LONG_AGO_MS = "9000000000000", "1"
PAST_MS = 1_000_000_000_000  # earlier times are far in the past: FENCE_OVERDUE_MS may be far below zero

# The content of Redis: sorted (key, content); content is text, or sorted (field, text) pairs.
Content = str | tuple[tuple[str, str], ...]
Contents = tuple[tuple[str, Content], ...]

_contents: list[Contents] = []


@functools.cache
def remember(contents: Contents) -> int:
    """Return a small number that represents the contents, because states are compared very often."""
    _contents.append(contents)
    return len(_contents) - 1


def recall(memory: int) -> Contents:
    """Return the contents that a number represents."""
    return _contents[memory]


EMPTY = remember(())


class Later(BaseException):
    """The step has made its one exchange with Redis."""


class Engine:
    """Runs scripts on contents that it writes to Redis first, and memoizes the result.

    It replaces the gateway for the code under test.
    """

    def __init__(self, client: Any, key: Target, group: Target | None) -> None:
        self._client = client
        self._known: dict[Any, tuple[Any, int]] = {}
        self._outcomes: dict[Any, tuple[Any, int]] = {}
        self._types = _types(key, group)
        self.memory = EMPTY
        self._left = 0

    def read(self, *keys: str) -> Any:
        return self._one(("MGET", *keys))

    def read_fields(self, key: str, *fields: str) -> Any:
        return self._one(("HMGET", key, *fields))

    def run_trusted(self, call: ScriptCall) -> Any:
        return self._one(call.by_text())

    def run(self, *calls: ScriptCall) -> list[Any]:
        [call] = calls
        return [self._one(call.by_text())]

    def fence(self, targets: Iterable[Target], token: str) -> None:
        RedisGateway.fence(self, targets, token)  # type: ignore[arg-type]

    def lift(self, targets: Iterable[Target], token: str) -> None:
        RedisGateway.lift(self, targets, token)  # type: ignore[arg-type]

    def drop(self, targets: Iterable[Target]) -> None:
        RedisGateway.drop(self, targets)  # type: ignore[arg-type]

    def step(self, memory: int, work: Callable[[], Any], *of: Any) -> Any:
        """Run ``work`` until its second exchange: other actors may act before that.

        It is run once for each memory and ``of``, which name all that its outcome depends on.
        """
        asked = (memory, *of)
        if asked not in self._outcomes:
            self.begin(memory)
            self._outcomes[asked] = work(), self.memory
        outcome, self.memory = self._outcomes[asked]
        return outcome

    def begin(self, memory: int) -> None:
        """Let the one exchange of a step follow."""
        self.memory, self._left = memory, 1

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
        held = sorted((key, _timeless(key, value)) for key, value in contents if value)
        return replies[0], remember(tuple(held))

    def _put(self, pipe: Any, key: str, content: Content) -> None:
        if self._types[key] == "string":
            pipe.set(key, content)
        elif self._types[key] == "hash":
            pipe.hset(key, mapping=dict(content))
        else:
            pipe.zadd(key, {member: float(score) for member, score in content})


def _types(key: Target, group: Target | None) -> dict[str, str]:
    if group is None:
        return {key.key: "hash", key.lease_key: "hash", key.fence_key: "zset"}
    strings = dict.fromkeys((key.key, key.lease_key, group.key), "string")
    return strings | {key.fence_key: "zset", group.fence_key: "zset"}


def _get(pipe: Any, key: str, kind: str) -> None:
    if kind == "string":
        pipe.get(key)
    elif kind == "hash":
        pipe.hgetall(key)
    else:
        pipe.zrange(key, 0, -1, withscores=True)


def _timeless(key: str, value: Any) -> Content:
    """Return the content with each time in it replaced by one far in the past or far in the future."""
    if isinstance(value, bytes):
        text = value.decode()
        return f"{text.rpartition(':')[0]}:{NEVER_MS}" if text.startswith("S") else text
    if isinstance(value, dict):
        field = _timeless_lease if key.startswith("lease:") else _timeless_field
        return tuple(sorted((k.decode(), field(k.decode(), v.decode())) for k, v in value.items()))
    return tuple(sorted((member.decode(), _when(score)) for member, score in value))


def _timeless_field(name: str, text: str) -> str:
    if name == "#expires":
        return NEVER_MS
    if name.startswith("#") and text.count(":") == 2:  # a tag
        return f"{text.rpartition(':')[0]}:{NEVER_MS}"
    return text


def _timeless_lease(name: str, text: str) -> str:
    expires, _, lease = text.partition(":")
    return f"{_when(float(expires))}:{lease}"


def _when(score: float) -> str:
    return LONG_AGO_MS if score < PAST_MS else NEVER_MS


@functools.cache
def after_a_while(memory: int) -> int:
    """Return the contents after leases have expired and fences are overdue; values are kept."""
    held = recall(memory)
    left = ((key, _expired(key, content)) for key, content in held if not _is_lease_of_a_key(key, content))
    return remember(tuple(left))


def _is_lease_of_a_key(key: str, content: Content) -> bool:
    return key.startswith("lease:") and isinstance(content, str) and content.startswith("L")


def _expired(key: str, content: Content) -> Content:
    if key.startswith("fence:"):
        return tuple((member, LONG_AGO_MS) for member, _ in content)
    if key.startswith("lease:") and not isinstance(content, str):
        return tuple((member, f"{LONG_AGO_MS}:{text.partition(':')[2]}") for member, text in content)
    return content
