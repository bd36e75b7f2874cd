"""Encoding of commands: by hiredis if it is installed, otherwise by redis-py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from redis.connection import PythonRespSerializer

CUTOFF_BYTES = 6_000  # longer pieces are not copied


def _packer() -> Callable[[Any], bytes]:
    try:
        from hiredis import pack_command
    except ImportError:
        return pack_in_python
    packer: Callable[[Any], bytes] = pack_command
    return packer


def pack_in_python(words: tuple[Any, ...]) -> bytes:
    """Return an encoded command."""
    return b"".join(_serializer.pack(*words))


def _encode(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


_serializer = PythonRespSerializer(CUTOFF_BYTES, _encode)
pack = _packer()
