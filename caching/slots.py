"""Where one value lives: a key of its own, or a member of a family."""

from __future__ import annotations

import time
from typing import Literal, NamedTuple

from caching import scripts
from caching.keys import Node
from caching.reading import COLLAPSED, Reading
from caching.redis.scripts import ScriptCall
from caching.store import get_store

LEASE_TTL_MS = 5_000
EPOCH_TTL_MS = 86_400_000
EPOCH_BYTES = 32

Outcome = Literal["hit", "granted", "busy", "fenced", "full"]


class Lease(NamedTuple):
    """Answer to a request for a lease.

    Attributes:
        reading: where somebody else has stored the value.
        name: of a lease that was granted, to store under or to give back.
    """

    outcome: Outcome
    reading: Reading | None = None
    name: str = ""


def _remaining(expires_ms: bytes) -> int:
    return max(0, round((int(expires_ms) - time.time() * 1000) / 1000))


def _hit(body: bytes, expires_ms: bytes, *, collapsed: bool = False) -> Reading:
    if collapsed:
        return Reading(body, "MISS", COLLAPSED)
    return Reading(body, "HIT", f"hit; ttl={_remaining(expires_ms)}")


class KeySlot:
    """A key of its own, stamped with the epoch of its pattern.

    The value counts only while its stamp names the current epoch, so deleting the epoch invalidates
    every key of the pattern at once.
    """

    __slots__ = ("_epoch", "_node", "_pattern", "_ttl_ms")

    def __init__(self, node: Node, pattern: Node, ttl_seconds: int) -> None:
        self._node = node
        self._pattern = pattern
        self._ttl_ms = ttl_seconds * 1000
        self._epoch: bytes | None = None

    def look(self) -> Reading | None:
        """The value if it counts: one plain command."""
        body, stamp, self._epoch = get_store().read(self._node.main, self._node.guard, self._pattern.main)
        if body is None or stamp is None or self._epoch is None:
            return None
        if not stamp.startswith(b"S" + self._epoch + b":"):
            return None
        return _hit(body, stamp[EPOCH_BYTES + 2 :])

    def lease(self, token: str) -> Lease:
        """Ask to store. The epoch is learnt before the lease, and both before the database is read.

        A commit that changes the whole pattern ends the epoch and begins none before it is done; so
        an epoch that was seen proves that no such commit was in flight at that moment.
        """
        if self._epoch is None:
            admit = ScriptCall(
                scripts.ADMIT, [self._pattern.main, self._pattern.fence], [token, EPOCH_TTL_MS]
            )
            self._epoch = get_store().run(admit)[0]
            if self._epoch is None:
                return Lease("fenced")
        ask = ScriptCall(scripts.LEASE, self._node, [token, LEASE_TTL_MS, self._epoch])
        outcome, *stored = get_store().lease(ask)
        if outcome == b"hit":
            return Lease("hit", _hit(stored[0], stored[1][EPOCH_BYTES + 2 :], collapsed=True))
        return Lease(outcome.decode(), name=stored[0].decode() if stored else "")

    def fill(self, lease: str, body: bytes) -> bool:
        """Store, if the lease is still held; whether it was."""
        keys = (self._node.main, self._node.guard)
        fill = ScriptCall(scripts.FILL, keys, [lease, body, self._ttl_ms, self._epoch])
        return bool(get_store().run(fill)[0] == 1)

    def release(self, lease: str) -> None:
        """Give the lease back."""
        get_store().run(ScriptCall(scripts.RELEASE, [self._node.guard], [lease]))

    @property
    def whole(self) -> Node:
        """What covers this value and its siblings."""
        return self._pattern


class MemberSlot:
    """A field of a family's hash. Deleting the hash invalidates the family at once."""

    __slots__ = ("_family", "_member", "_most", "_ttl_ms")

    def __init__(self, family: Node, member: str, ttl_seconds: int, most: int) -> None:
        self._family = family
        self._member = member
        self._ttl_ms = ttl_seconds * 1000
        self._most = most

    def look(self) -> Reading | None:
        """The value if there is one: one plain command."""
        body, expires = get_store().read_members(self._family.main, self._member, "#expires")
        return None if body is None or expires is None else _hit(body, expires)

    def lease(self, token: str) -> Lease:
        """Ask to store, before the database is read."""
        arguments = [token, LEASE_TTL_MS, self._member, self._most]
        outcome, *stored = get_store().lease(ScriptCall(scripts.LEASE_MEMBER, self._family, arguments))
        if outcome == b"hit":
            return Lease("hit", _hit(stored[0], stored[1], collapsed=True))
        return Lease(outcome.decode(), name=stored[0].decode() if stored else "")

    def fill(self, lease: str, body: bytes) -> bool:
        """Store, if the lease is still held and the family not full; whether it was stored."""
        keys = (self._family.main, self._family.guard)
        arguments = [lease, body, self._ttl_ms, self._member, self._most]
        return bool(get_store().run(ScriptCall(scripts.FILL_MEMBER, keys, arguments))[0] == 1)

    def release(self, lease: str) -> None:
        """Give the lease back."""
        call = ScriptCall(scripts.RELEASE_MEMBER, [self._family.guard], [lease, self._member])
        get_store().run(call)

    @property
    def whole(self) -> Node:
        """The family."""
        return self._family


Slot = KeySlot | MemberSlot
