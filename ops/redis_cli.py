"""The ``redis-cli`` that looks into the cache's Redis, as a command line."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from redis.sentinel import Sentinel

from ops.embedded.wheels import find_redis


def redis_cli() -> list[str]:
    """The command without a password (``REDISCLI_AUTH`` takes that), to be continued with words.

    Raises:
        redis.RedisError: no Sentinel tells where the master is.
    """
    address = urlsplit(settings.REDIS_URL)
    command = [find_redis("redis-cli") or "redis-cli"]
    host, port = address.hostname or "127.0.0.1", address.port or 6379
    chosen = settings.CACHING
    if chosen["CLUSTER"]:
        host, port = chosen["CLUSTER"][0]
        return [*command, "-c", "-h", host, "-p", str(port)]
    if chosen["SENTINELS"]:
        host, port = Sentinel(chosen["SENTINELS"], socket_timeout=1).discover_master(chosen["MASTER"])
    command += ["-h", host, "-p", str(port), "-n", address.path.strip("/") or "0"]
    return command if address.scheme == "redis" else [*command, "--tls"]
