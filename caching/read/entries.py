"""Entries: the place of one value, a key of its own or a field of a family's hash."""

from __future__ import annotations

import copy
import time
from typing import NamedTuple, Protocol

from caching.gateway import get_gateway
from caching.keys import Target
from caching.read.result import COLLAPSED, CacheResult
from caching.redis import scripts
from caching.redis.scripts import ScriptCall

LEASE_TTL_MS = 5_000
GENERATION_TTL_MS = 86_400_000


class Lease(NamedTuple):
    """The answer to a request for a lease.

    Attributes:
        outcome: "hit", "granted", "busy", "fenced" or "full".
        result: the value, if another reader has stored it.
        name: the name of a lease that was granted, for ``fill`` and ``release``.
    """

    outcome: str
    result: CacheResult | None = None
    name: str = ""


class Entry(Protocol):
    """The place of a value, as read-through uses it. All methods raise RedisUnavailable."""

    @property
    def group(self) -> Target: ...

    @property
    def target(self) -> Target: ...

    def look(self) -> CacheResult | None: ...
    def look_or_lease(self, token: str) -> ScriptCall: ...
    def judge(self, body: bytes | None, tag: bytes | None, /) -> CacheResult | None: ...
    def leased(self, *generation: bytes) -> Entry: ...
    def lease(self, token: str) -> Lease: ...
    def fill(self, lease: str, body: bytes) -> bool: ...
    def release(self, lease: str) -> None: ...


def _hit(body: bytes, expires_ms: bytes) -> CacheResult:
    remaining = max(0, round((int(expires_ms) - time.time() * 1000) / 1000))
    return CacheResult(body, "HIT", f"hit; ttl={remaining}")


def _answer(outcome: bytes, details: list[bytes]) -> Lease:
    if outcome == b"hit":
        return Lease("hit", CacheResult(details[0], "MISS", COLLAPSED))
    return Lease(outcome.decode(), name=details[0].decode() if details else "")


class KeyEntry:
    """A key of its own. Its value is tagged with its shape and with the generation of the key pattern.

    The value may be read only while its tag contains the current generation. So deleting the generation
    invalidates every key of the pattern at once.

    Attributes:
        generation: the generation that was read before the load; None before that, and if there is none.
    """

    __slots__ = ("_shape", "_ttl_ms", "generation", "group", "target")

    def __init__(self, target: Target, group: Target, ttl_seconds: int, shape: str) -> None:
        self.target, self.group = target, group
        self._ttl_ms = ttl_seconds * 1000
        self._shape = shape.encode()
        self.generation: bytes | None = None

    def look(self) -> CacheResult | None:
        """Return the value if it may be read: one plain command."""
        body, tag, self.generation = get_gateway().read(
            self.target.key, self.target.lease_key, self.group.key
        )
        return self.judge(body, tag, self.generation)

    def judge(
        self, body: bytes | None, tag: bytes | None, generation: bytes | None = None
    ) -> CacheResult | None:
        """Return the value if it may be read, given its tag and the generation at the same moment."""
        if body is None or tag is None or generation is None:
            return None
        prefix = self._tag(generation)
        return _hit(body, tag[len(prefix) :]) if tag.startswith(prefix) else None

    def look_or_lease(self, token: str) -> ScriptCall:
        """Return the script that reads what ``judge`` takes, or acquires a lease; for one server only."""
        keys = (*self.target, self.group.key)
        return ScriptCall(scripts.LEASE, keys, (token, LEASE_TTL_MS, b"S%b:" % self._shape))

    def leased(self, *generation: bytes) -> KeyEntry:
        """Return the entry for a reader that was granted a lease, given what was granted with it."""
        entry = copy.copy(self)
        (entry.generation,) = generation
        return entry

    def lease(self, token: str) -> Lease:
        """Request a lease. The generation is read before that, and both precede the read of the database.

        A commit that changes the whole pattern deletes the generation, and a new one begins only after the
        commit is over. So the existence of a generation proves that no such commit is in flight.
        """
        gateway = get_gateway()
        if self.generation is None:
            keys = [self.group.key, self.group.fence_key]
            (self.generation,) = gateway.run(
                ScriptCall(scripts.GET_GENERATION, keys, [token, GENERATION_TTL_MS])
            )
            if self.generation is None:
                return Lease("fenced")
        call = ScriptCall(scripts.LEASE, self.target, [token, LEASE_TTL_MS, self._tag(self.generation)])
        outcome, *details = gateway.run_trusted(call)
        return _answer(outcome, details)

    def fill(self, lease: str, body: bytes) -> bool:
        """Store if the lease is still held. Return whether it was."""
        arguments = [lease, body, self._ttl_ms, self._tag(self.generation)]
        return bool(get_gateway().run(ScriptCall(scripts.FILL, self.target[:2], arguments))[0] == 1)

    def release(self, lease: str) -> None:
        """Give the lease back."""
        get_gateway().run(ScriptCall(scripts.RELEASE, [self.target.lease_key], [lease]))

    def _tag(self, generation: bytes | None) -> bytes:
        return b"S%b:%b:" % (self._shape, generation or b"")


class HashFieldEntry:
    """A field of a family's hash, tagged with its shape. Deleting the hash invalidates all fields."""

    __slots__ = ("_field", "_max_fields", "_shape", "_ttl_ms", "target")

    def __init__(self, family: Target, field: str, ttl_seconds: int, shape: str, max_fields: int) -> None:
        self.target = family
        self._field = field
        self._ttl_ms = ttl_seconds * 1000
        self._shape = shape.encode()
        self._max_fields = max_fields

    @property
    def group(self) -> Target:
        return self.target

    def look(self) -> CacheResult | None:
        """Return the value if it may be read: one plain command."""
        return self.judge(*get_gateway().read_fields(self.target.key, self._field, f"#{self._field}"))

    def judge(self, body: bytes | None, tag: bytes | None) -> CacheResult | None:
        """Return the value if it may be read, given its tag."""
        if body is None or tag is None:
            return None
        shape, _, expires = tag.split(b":")
        return _hit(body, expires) if shape == self._shape else None

    def look_or_lease(self, token: str) -> ScriptCall:
        """Return the script that reads what ``judge`` takes, or acquires a lease."""
        arguments = (token, LEASE_TTL_MS, self._field, self._max_fields, self._shape)
        return ScriptCall(scripts.LEASE_FIELD, self.target, arguments)

    def leased(self, *_: bytes) -> HashFieldEntry:
        """Return the entry for a reader that was granted a lease."""
        return self

    def lease(self, token: str) -> Lease:
        """Request a lease, before the database is read."""
        outcome, *details = get_gateway().run_trusted(self.look_or_lease(token))
        return _answer(outcome, details)

    def fill(self, lease: str, body: bytes) -> bool:
        """Store if the lease is still held. Return whether it was."""
        arguments = [lease, body, self._ttl_ms, self._field, self._max_fields, self._shape]
        return bool(get_gateway().run(ScriptCall(scripts.FILL_FIELD, self.target[:2], arguments))[0] == 1)

    def release(self, lease: str) -> None:
        """Give the lease back."""
        arguments = [lease, self._field]
        get_gateway().run(ScriptCall(scripts.RELEASE_FIELD, [self.target.lease_key], arguments))
