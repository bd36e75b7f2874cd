"""Commands as the server reads them: by hiredis where it is installed, else by redis-py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from redis.connection import PythonRespSerializer

CUTOFF_BYTES = 6_000  # pieces that are longer are not copied


def _packer() -> Callable[[Any], bytes]:
    try:
        from hiredis import pack_command
    except ImportError:
        return pack_in_python
    packer: Callable[[Any], bytes] = pack_command
    return packer


def pack_in_python(words: tuple[Any, ...]) -> bytes:
    """Return a command as the server reads it."""
    return b"".join(_serializer.pack(*words))


def _encode(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


_serializer = PythonRespSerializer(CUTOFF_BYTES, _encode)
pack = _packer()
