"""Look-ups: reads of one value for callers that answer hits alone, and in an exchange of their own.

``Declaration.get`` is the way to read. A look-up is for code in front of the application, which reads the
same addresses again and again and leaves everything but a hit to the application, with the lease::

    in front of the application     the application
    look: nothing, a lease
                                    SELECT
                                    fill                (else it is released)
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any, NamedTuple

from caching import metrics
from caching.errors import OutboxUnavailable, Untrusted
from caching.gateway import get_gateway
from caching.read.entries import Entry, Lease
from caching.read.load_check import Source
from caching.read.read_through import read_through, release
from caching.read.result import CacheResult
from caching.redis.scripts import ScriptCall
from caching.write.pending import must_bypass


class Lookup(NamedTuple):
    """A prepared read of one value of a declaration. Threads may share it."""

    source: Source
    entry: Entry
    loader: Callable[[], Any]
    params: Mapping[str, Any]

    def look(self) -> CacheResult | None:
        """Return the value if it is stored and may be read, in an exchange of its own.

        Raises:
            CacheError: Redis does not answer, or its values may be stale.
        """
        self._require()
        return self.entry.look()

    def call(self) -> ScriptCall:
        """Return a script that reads the value or acquires a lease, to be a part of a larger one."""
        return self.entry.look_or_lease(secrets.token_hex(8))

    def count_hit(self) -> None:
        """Count a hit of the declaration: the value was answered with."""
        metrics.count(self.entry.group.key, "hits")

    def _require(self) -> None:
        if must_bypass():
            raise Untrusted
        get_gateway().watch.require(self.source.key)

    def _is_covered(self) -> bool:
        try:
            self._require()
        except OutboxUnavailable:
            return False
        return True

    def _judge(
        self, result: Any, may_be_read: bool
    ) -> tuple[list[Any], CacheResult | HeldLease | None] | None:
        if isinstance(result, Exception):
            return None
        match result[0]:
            case [b"hit", *details] if may_be_read:
                return result, self.entry.judge(*details)
            case [b"granted", name, *details]:
                lease = Lease("granted", name=name.decode())
                return result, HeldLease(self, self.entry.leased(*details), lease)
        return result, None


@dataclass(slots=True)
class HeldLease:
    """A lease that a look-up has acquired. Who has it reads by it, and releases it at the end."""

    lookup: Lookup
    entry: Entry
    lease: Lease
    is_held: bool = True

    def read(self) -> CacheResult:
        """Return what ``Declaration.get`` returns.

        Raises:
            Exception: any that the declaration's ``load`` raises.
        """
        result = read_through(self.lookup.source, self.entry, self.lookup.loader, self.lease)
        self.is_held = result.x_cache != "MISS"
        return result

    def release(self) -> None:
        """Give the lease back if no value was stored under it: the next reader must not wait."""
        if self.is_held:
            release(self.entry, self.lease.name)


def run(
    lookups: Sequence[Lookup], calls: Sequence[ScriptCall]
) -> list[tuple[list[Any], CacheResult | HeldLease | None] | None]:
    """Run scripts in one exchange. Each includes the ``call()`` of its look-up and returns the result of that
    first, or a false one without it.

    Return the result of each, and the value if it may be read, or the lease if one was granted. What the
    scripts did besides is done in any case. None for a script that Redis refuses, and for one that was not
    sent, because the declaration of its look-up is not covered by triggers.

    Raises:
        CacheError: Redis does not answer, or its values may be stale. The scripts may have run only if it is
            RedisUnavailable.
    """
    covered = [lookup._is_covered() for lookup in lookups]
    if not any(covered):
        return [None] * len(lookups)
    results, may_be_read = get_gateway().run_and_judge(*compress(calls, covered))
    left = iter(results)
    return [
        lookup._judge(next(left), may_be_read) if is_covered else None
        for lookup, is_covered in zip(lookups, covered, strict=True)
    ]
