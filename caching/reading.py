"""What a read of the cache gives back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

CACHE_NAME = "Syllabus"  # how Cache-Status names this cache

_encode = DjangoJSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

COLLAPSED = "fwd=miss; collapsed"  # another reader's load served this one too


@dataclass(frozen=True, slots=True)
class Reading:
    """A value and how it was come by.

    Attributes:
        body: the JSON text, UTF-8; the same bytes on a miss and on the hits that follow.
        x_cache: ``HIT``, ``MISS`` or ``BYPASS``.
        how: the parameters of ``Cache-Status`` (RFC 9211, section 2), after the cache's name.
    """

    body: bytes
    x_cache: str
    how: str

    @property
    def value(self) -> Any:
        """The value, parsed from ``body``: a caller may change it."""
        return json.loads(self.body)

    @property
    def cache_status(self) -> str:
        """The value of a ``Cache-Status`` header."""
        return f"{CACHE_NAME}; {self.how}"


def encode(value: Any) -> bytes:
    """The JSON text of ``value`` as it is stored and sent."""
    return _encode(value).encode()
