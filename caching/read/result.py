"""The result of a read of the cache."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from caching import conf

_encode = DjangoJSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

COLLAPSED = "fwd=miss; collapsed"  # the value comes from another reader's load


@dataclass(frozen=True, slots=True)
class CacheResult:
    """A value and its origin.

    Attributes:
        body: the JSON text, UTF-8; the same bytes on a miss and on the hits that follow.
        x_cache: ``HIT``, ``MISS`` or ``BYPASS``.
        detail: the parameters of ``Cache-Status`` (RFC 9211, section 2), after the cache's name.
    """

    body: bytes
    x_cache: str
    detail: str

    @property
    def value(self) -> Any:
        """The value, parsed from ``body``. A caller may change it."""
        return json.loads(self.body)

    @property
    def cache_status(self) -> str:
        """The value of a ``Cache-Status`` header."""
        return f"{conf.get('NAME')}; {self.detail}"


def encode(value: Any) -> bytes:
    """Return the JSON text of ``value``, as it is stored and sent."""
    return _encode(value).encode()


def uncached(value: Any, reason: str) -> CacheResult:
    """Return a result for a value that was neither looked up nor stored; Cache-Status has the reason."""
    return CacheResult(encode(value), "BYPASS", f"fwd=bypass; detail={reason}")
