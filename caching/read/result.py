"""What a read of the cache returns."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from caching import conf

_encode = DjangoJSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

COLLAPSED = "fwd=miss; collapsed"  # another reader's load served this one too


@dataclass(frozen=True, slots=True)
class CacheResult:
    """A value and where it came from.

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
        """The value, parsed from ``body``: a caller may change it."""
        return json.loads(self.body)

    @property
    def cache_status(self) -> str:
        """The value of a ``Cache-Status`` header."""
        return f"{conf.get('NAME')}; {self.detail}"


def encode(value: Any) -> bytes:
    """Return the JSON text of ``value`` as it is stored and sent."""
    return _encode(value).encode()


def uncached(value: Any, reason: str) -> CacheResult:
    """Return a value that was neither looked up nor stored, with the reason for Cache-Status."""
    return CacheResult(encode(value), "BYPASS", f"fwd=bypass; detail={reason}")
