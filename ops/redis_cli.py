"""The ``redis-cli`` that looks into the cache's Redis, as a command line."""

from __future__ import annotations

from django.conf import settings

from caching.conf import redis_conf
from caching.redis.addresses import Endpoint
from caching.redis.topology import current_server
from ops.embedded.wheels import find_redis


def redis_cli() -> list[str]:
    """Return the command without a password (``REDISCLI_AUTH`` takes that), to be continued with words.

    Raises:
        RedisUnavailable: no Sentinel tells where the master is.
    """
    conf = redis_conf()._replace(url=settings.REDIS_URL)
    server = current_server(conf)
    command = [find_redis("redis-cli") or "redis-cli", *(["-c"] if conf.cluster else []), *_at(server)]
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
