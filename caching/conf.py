"""``settings.CACHING`` and its defaults.

Every key is optional; ``RedisConf`` describes each of them::

    CACHING = {
        "URL": "redis://localhost:6379/1",     # default: LOCATION of CACHES["default"]
        "CLUSTER": ["10.0.0.1:7000", ...],     # or "SENTINELS" and "MASTER"
    }
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.conf import settings

from caching.testing import environment

ENGINE = "caching.postgresql"
CONNECT_TIMEOUT_SECONDS = 0.25
COMMAND_TIMEOUT_SECONDS = 0.5
# Settings that may hold the URL of a Redis database which the cache must not share (SEPARATE_FROM).
SEPARATE_FROM = ("CELERY_BROKER_URL",)

# "host:port", "[::1]:port", (host, port), or a URL with options of its own.
Server = str | tuple[str, int]


class RedisConf(NamedTuple):
    """The address of a Redis, and how to connect to it.

    Attributes:
        url: ``redis://``, ``rediss://``, ``unix://`` or ``redis+socket://``, with every option that
            redis-py reads from a URL. For a cluster and with Sentinels its host is not used; its
            credentials, TLS options and, with Sentinels, its database are those of each node.
        username: for servers whose URL has none.
        password: for servers whose URL has none.
        cluster: some nodes of a Redis Cluster.
        sentinels: the Sentinels that monitor the master.
        master: the name under which they monitor it.
        sentinel_username: for Sentinels without a URL of their own.
        sentinel_password: for Sentinels without a URL of their own.
        sentinel_tls: whether to use TLS for Sentinels without a URL of their own, with the TLS options of
            ``url``.
        connect_timeout: seconds within which a connection must open.
        command_timeout: seconds within which a reply must begin.
    """

    url: str
    username: str | None = None
    password: str | None = None
    cluster: Sequence[Server] = ()
    sentinels: Sequence[Server] = ()
    master: str = "mymaster"
    sentinel_username: str | None = None
    sentinel_password: str | None = None
    sentinel_tls: bool = False
    connect_timeout: float = CONNECT_TIMEOUT_SECONDS
    command_timeout: float = COMMAND_TIMEOUT_SECONDS


def caching_settings() -> dict[str, Any]:
    """Return the present value of ``settings.CACHING``."""
    return dict(getattr(settings, "CACHING", {}))


def redis_conf() -> RedisConf:
    """Return the configuration of the cache's Redis.

    What CACHING leaves out is taken from ``CACHES["default"]``, read as django-redis reads it.
    """
    chosen = caching_settings()
    default = settings.CACHES.get("default", {})
    options = default.get("OPTIONS", {})
    return RedisConf(
        url=chosen.get("URL") or _first_location(default) or "redis://localhost:6379/1",
        username=chosen.get("USERNAME") or options.get("USERNAME"),
        password=chosen.get("PASSWORD") or options.get("PASSWORD"),
        cluster=_servers(chosen.get("CLUSTER")),
        sentinels=_servers(chosen.get("SENTINELS")),
        master=chosen.get("MASTER") or RedisConf._field_defaults["master"],
        sentinel_username=chosen.get("SENTINEL_USERNAME") or None,
        sentinel_password=chosen.get("SENTINEL_PASSWORD") or None,
        sentinel_tls=bool(chosen.get("SENTINEL_TLS")),
        connect_timeout=chosen.get("CONNECT_TIMEOUT")
        or options.get("SOCKET_CONNECT_TIMEOUT", CONNECT_TIMEOUT_SECONDS),
        command_timeout=chosen.get("COMMAND_TIMEOUT")
        or options.get("SOCKET_TIMEOUT", COMMAND_TIMEOUT_SECONDS),
    )


def _servers(servers: Sequence[Any] | None) -> tuple[Server, ...]:
    return tuple(
        server if isinstance(server, str) else (server[0], int(server[1])) for server in servers or ()
    )


def _first_location(cache: dict[str, Any]) -> str | None:
    location = cache.get("LOCATION")
    if isinstance(location, (list, tuple)):
        location = location[0] if location else None
    return location or None


_DEFAULTS: dict[str, Any] = {
    "NAME": "Django",  # the name of this cache in Cache-Status
    "CACHE_ALIAS": "default",  # the entry of CACHES whose prefix and version make the keys
    "CHECK_LOADS": None,  # None: with DEBUG and in tests
}


def get(name: str) -> Any:
    """Return one of the other values of ``settings.CACHING``, or its default."""
    value = caching_settings().get(name, _DEFAULTS[name])
    if name == "CHECK_LOADS" and value is None:
        return settings.DEBUG or environment.in_test_environment()
    return value


def database_aliases() -> list[str]:
    """Return the aliases of the databases that have the cache's engine."""
    return [alias for alias, database in settings.DATABASES.items() if database["ENGINE"] == ENGINE]
