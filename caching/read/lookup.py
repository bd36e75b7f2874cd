"""Look-ups: reads of one value for callers that answer hits alone, and in an exchange of their own.

``Declaration.get`` is the way to read. A look-up is for code in front of the application, which reads the
same addresses again and again and leaves everything but a hit to the application.
"""

from __future__ import annotations

from typing import Any, Protocol

from caching import metrics
from caching.errors import Untrusted
from caching.gateway import get_gateway
from caching.read.result import CacheResult
from caching.redis.scripts import ScriptCall
from caching.write.pending import must_bypass


class JudgedEntry(Protocol):
    """The place of a value, as a look-up uses it."""

    @property
    def group(self) -> Any: ...
    def look(self) -> CacheResult | None: ...
    def look_call(self) -> ScriptCall: ...
    def judge(self, body: bytes | None, tag: bytes | None, /) -> CacheResult | None: ...


class Lookup:
    """A prepared read of one value. It keeps no state, so threads may share it.

    Attributes:
        call: the script that reads the value, to be a part of a larger one.
    """

    __slots__ = ("_entry", "_key", "call")

    def __init__(self, key: str, entry: JudgedEntry) -> None:
        self._key = key
        self._entry = entry
        self.call = entry.look_call()

    def look(self) -> CacheResult | None:
        """Return the value if it is stored and may be read, in an exchange of its own.

        Raises:
            CacheError: Redis does not answer, or its values may be stale.
        """
        self._require()
        return self._entry.look()

    def run(self, call: ScriptCall) -> tuple[list[Any], CacheResult | None]:
        """Run a script that includes ``self.call`` and returns its result first. Return all and the value.

        The value is None unless it may be read; what the script did besides is done all the same.

        Raises:
            CacheError: Redis does not answer, or its values may be stale. The script may have run only if
                it is RedisUnavailable.
        """
        self._require()
        reply, may_be_read = get_gateway().run_and_judge(call)
        found = reply[0]
        return reply, self._entry.judge(*found) if found and may_be_read else None

    def count_hit(self) -> None:
        """Count a hit of the declaration: the value was answered with."""
        metrics.count(self._entry.group.key, "hits")

    def _require(self) -> None:
        if must_bypass():
            raise Untrusted
        get_gateway().watch.require(self._key)
