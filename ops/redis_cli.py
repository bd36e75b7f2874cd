"""The ``redis-cli`` that looks into the cache's Redis, as a command line."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings

from ops.embedded.wheels import find_redis


def redis_cli() -> list[str]:
    """The command without a password (``REDISCLI_AUTH`` takes that), to be continued with words."""
    address = urlsplit(settings.REDIS_URL)
    command = [find_redis("redis-cli") or "redis-cli"]
    command += ["-h", address.hostname or "127.0.0.1", "-p", str(address.port or 6379)]
    command += ["-n", address.path.strip("/") or "0"]
    return command if address.scheme == "redis" else [*command, "--tls"]
