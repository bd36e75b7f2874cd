"""Connections to the master that Sentinels monitor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from redis.connection import AbstractConnection, Connection, SSLConnection
from redis.exceptions import ConnectionError as RedisConnectionError

from caching.errors import RedisUnavailable
from caching.redis.connection import ask


def ask_for_master(name: str, sentinel: object, connection: AbstractConnection) -> tuple[str, int]:
    """Return the master's host and port according to one Sentinel.

    Raises:
        RedisConnectionError: this Sentinel does not monitor the master.
    """
    del sentinel
    address = ask(connection, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", name)
    if not address:
        raise RedisConnectionError(f"it knows no master {name}")
    host, port = address
    return host.decode(), int(port)


class _FollowsMaster:
    """A connection that, whenever it opens, finds the present master.

    A Sentinel may not know of a failover yet, so the connection checks the role of the server.

    Args:
        find_master: returns the master's host and port.
    """

    host: str
    port: int

    def __init__(self, *, find_master: Callable[[], tuple[str, int]], **options: Any) -> None:
        self._find_master = find_master
        self._is_open = False
        super().__init__(**options)

    def connect(self) -> None:
        """Open the connection.

        Raises:
            redis.exceptions.RedisError: no Sentinel knows the master, or the server does not answer or is
                not the master.
        """
        if self._is_open:
            return
        try:
            self.host, self.port = self._find_master()
        except RedisUnavailable as error:  # redis-py's own clients use these connections, too
            raise RedisConnectionError(str(error)) from error
        super().connect()  # type: ignore[misc]  # the connection's
        role = ask(self, "ROLE")[0]  # type: ignore[arg-type]  # it is a connection
        if role != b"master":
            self.disconnect()
            raise RedisConnectionError(f"{self.host}:{self.port} is a {role.decode()} by now")
        self._is_open = True

    def disconnect(self, *args: Any, **options: Any) -> None:
        """Close the connection."""
        self._is_open = False
        super().disconnect(*args, **options)  # type: ignore[misc]  # the connection's


class MasterConnection(_FollowsMaster, Connection):
    """A connection to the master by TCP."""


class MasterSSLConnection(_FollowsMaster, SSLConnection):
    """A connection to the master by TLS."""
