"""Addresses of Redis servers, in every form in which settings may hold them."""

from __future__ import annotations

import functools
import inspect
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.core.exceptions import ImproperlyConfigured
from redis.connection import (
    AbstractConnection,
    Connection,
    SSLConnection,
    UnixDomainSocketConnection,
    parse_url,
)
from redis.exceptions import RedisError

from caching.conf import RedisConf, Server

# Options of a URL that are ignored: they would cause retries, extra commands, or types other than bytes.
NOT_OURS = (
    "max_connections",
    "timeout",
    "retry_on_timeout",
    "retry_on_error",
    "health_check_interval",
    "decode_responses",
    "legacy_responses",
    "socket_timeout",
    "socket_connect_timeout",
)
WHERE = ("host", "port", "path", "socket_keepalive")
PORT, SENTINEL_PORT = 6379, 26379


class Endpoint(NamedTuple):
    """A server and the options of a connection to it."""

    connection_class: type[AbstractConnection]
    options: dict[str, Any]

    @property
    def address(self) -> tuple[str, int]:
        """Host and port; the path of a unix socket and 0."""
        if "path" in self.options:
            return self.options["path"], 0
        return self.options.get("host", "localhost"), self.options.get("port", PORT)

    @property
    def is_tls(self) -> bool:
        """Whether connections use TLS."""
        return issubclass(self.connection_class, SSLConnection)

    @property
    def db(self) -> int:
        """The number of the database."""
        return int(self.options.get("db", 0))

    def connect(self, **options: Any) -> AbstractConnection:
        """Return a connection that is not open yet."""
        return self.connection_class(**{**self.options, **options})

    def at(self, host: str, port: int) -> Endpoint:
        """Return the endpoint of another server with the same options."""
        kind = self.connection_class
        if issubclass(kind, UnixDomainSocketConnection):
            kind = Connection
        kept = {name: value for name, value in self.options.items() if name not in WHERE}
        return Endpoint(kind, {**kept, "host": host, "port": port})

    def with_options(self, **options: Any) -> Endpoint:
        """Return the endpoint of the same server with other options."""
        return Endpoint(self.connection_class, {**self.options, **options})


def connection_options(
    url: str,
    *,
    username: str | None = None,
    password: str | None = None,
    connect_timeout: float,
    command_timeout: float,
) -> Endpoint:
    """Return the endpoint of a URL, with the given timeouts and without redis-py's retries.

    Raises:
        ImproperlyConfigured: redis-py cannot parse the URL. The message contains no password.
    """
    options = _parse(url)
    kind = options.pop("connection_class", Connection)
    options.setdefault("username", username or None)
    options.setdefault("password", password or None)
    options |= {
        "socket_connect_timeout": connect_timeout,
        "socket_timeout": command_timeout,
        "protocol": 2,
        **_no_greeting(),
    }
    endpoint = Endpoint(kind, options)
    try:
        endpoint.connect()  # it is not opened
    except (TypeError, ValueError, RedisError) as error:
        raise ImproperlyConfigured(f"{without_password(url)}: {error}") from error
    return endpoint


def _parse(url: str) -> dict[str, Any]:
    try:
        options: dict[str, Any] = dict(parse_url(_unix_url(url)))
    except ValueError as error:
        raise ImproperlyConfigured(f"{without_password(url)} is not a Redis address: {error}") from error
    for name in NOT_OURS:
        options.pop(name, None)
    if "ssl_cert_reqs" in options:  # Celery also knows CERT_REQUIRED
        options["ssl_cert_reqs"] = str(options["ssl_cert_reqs"]).lower().removeprefix("cert_")
    return options


def endpoint_of(conf: RedisConf) -> Endpoint:
    """Return the endpoint of ``conf.url``.

    Raises:
        ImproperlyConfigured: redis-py cannot parse the URL.
    """
    return connection_options(
        conf.url,
        username=conf.username,
        password=conf.password,
        connect_timeout=conf.connect_timeout,
        command_timeout=conf.command_timeout,
    )


def node_endpoint(base: Endpoint, server: Server, default_port: int) -> Endpoint:
    """Return the endpoint of a server. A URL has options of its own, other forms get those of ``base``.

    Raises:
        ImproperlyConfigured: the address cannot be parsed.
    """
    if not isinstance(server, str):
        host, port = server
        return base.at(host, int(port))
    if "://" in server:
        own = connection_options(
            server,
            username=base.options.get("username"),
            password=base.options.get("password"),
            connect_timeout=base.options["socket_connect_timeout"],
            command_timeout=base.options["socket_timeout"],
        )
        return own.with_options(db=0, port=own.options.get("port", default_port))
    try:
        parts = urlsplit(f"//{server}")
        return base.at(parts.hostname or "localhost", parts.port or default_port)
    except ValueError as error:
        raise ImproperlyConfigured(f"{server} is not host:port: {error}") from error


def sentinel_endpoints(conf: RedisConf) -> list[Endpoint]:
    """Return the endpoint of each Sentinel.

    Raises:
        ImproperlyConfigured: an address cannot be parsed.
    """
    options = endpoint_of(conf).options
    tls = {name: value for name, value in options.items() if name.startswith("ssl_")}
    base = connection_options(
        "rediss://" if conf.sentinel_tls else "redis://",
        username=conf.sentinel_username,
        password=conf.sentinel_password,
        connect_timeout=conf.connect_timeout,
        command_timeout=conf.command_timeout,
    ).with_options(**(tls if conf.sentinel_tls else {}))
    return [node_endpoint(base, server, SENTINEL_PORT) for server in conf.sentinels]


def conf_of(url: str, **options: Any) -> RedisConf:
    """Return the configuration of a URL in any form.

    Args:
        url: also Celery's ``sentinel://[user:password@]host:port;sentinel://…/0``, whose credentials are
            the master's.
        options: other fields of the configuration.
    """
    if not url.startswith("sentinel://"):
        return RedisConf(url, **options)
    parts = [urlsplit(part) for part in url.split(";")]
    database = next((part.path for part in parts if part.path.strip("/")), "")
    user, at, _ = parts[0].netloc.rpartition("@")
    sentinels = [part.netloc.rpartition("@")[2] for part in parts]
    return RedisConf(f"redis://{user}{at}{sentinels[0]}{database}", sentinels=sentinels, **options)


def without_password(url: str) -> str:
    """Return the URL without its password, for a message."""
    parts = urlsplit(url)
    query = [(name, value) for name, value in parse_qsl(parts.query) if "password" not in name]
    location = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    return f"{location}?{urlencode(query)}" if query else location


def _unix_url(url: str) -> str:
    """Return redis-py's form of Celery's URL of a unix socket, ``redis+socket:///path?virtual_host=0``."""
    if not url.startswith("redis+socket://"):
        return url
    parts = urlsplit(url)
    query = [("db" if name == "virtual_host" else name, value) for name, value in parse_qsl(parts.query)]
    return f"unix://{parts.netloc}{parts.path}?{urlencode(query)}"


@functools.cache
def _no_greeting() -> dict[str, None]:
    """Return the options with which a connection does not send redis-py's name and version."""
    known = inspect.signature(AbstractConnection.__init__).parameters
    if "driver_info" in known:
        return {"driver_info": None}
    return {name: None for name in ("lib_name", "lib_version") if name in known}
