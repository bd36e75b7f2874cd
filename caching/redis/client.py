"""Connections to one Redis server: short timeouts, no hidden retries, cleared after a restart."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

from redis.connection import AbstractConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError

from caching.errors import RedisUnavailable
from caching.redis.connection import converse, distrust_after_restart
from caching.redis.forks import after_fork
from caching.redis.packing import pack
from caching.redis.replies import DRIVER_ERRORS, describe, raise_first_error
from caching.redis.scripts import Command, ScriptCall

RUN_ID_KEY = "caching:run_id"


def run_id_key() -> str | None:
    """Return the key under which the run of a single server is recorded."""
    return RUN_ID_KEY


def run_is_not_recorded() -> str | None:
    """Return None: the data that a server restores when it restarts stays valid."""
    return None


class RedisClient:
    """Connections to one server, each used by one thread at a time.

    Idle connections are in a list whose ``append`` and ``pop`` are atomic, so a command takes no lock. A
    connection that the server closed while it was idle is replaced, and its commands are sent again: every
    command must be idempotent. Nothing else is retried.

    Args:
        connect: makes a connection, not yet opened.
        record: returns the key under which the server's run is recorded. The first connection to a server
            that has restarted clears it (``distrust_after_restart``). With ``run_is_not_recorded``, for
            data that must survive a restart, nothing is ever cleared.
        slow_seconds: ``reconnect`` fails if a PING takes longer.

    Attributes:
        breaks: how many connections have broken. Readers that trust the server's values compare it.
    """

    def __init__(
        self,
        connect: Callable[[], AbstractConnection],
        *,
        record: Callable[[], str | None] = run_id_key,
        slow_seconds: float = float("inf"),
    ) -> None:
        self.breaks = 0
        self._connect = connect
        self._record = record
        self._slow_seconds = slow_seconds
        self._idle: list[AbstractConnection] = []
        after_fork(self._drop_connections)

    def read(self, *keys: str) -> list[bytes | None]:
        """Return the values of some keys.

        Raises:
            RedisUnavailable: no usable answer in time.
        """
        values: list[bytes | None] = self.command("MGET", *keys)
        return values

    def command(self, *words: Any) -> Any:
        """Return the reply to one command.

        Raises:
            RedisUnavailable: no usable answer in time.
        """
        return self.commands(words)[0]

    def commands(self, *commands: Command) -> list[Any]:
        """Return the replies to plain commands, in one round trip.

        Raises:
            RedisUnavailable: the reply to one is missing; others may have been run.
        """
        replies = self.exchange(commands)
        raise_first_error(replies)
        return replies

    def run(self, *calls: ScriptCall) -> list[Any]:
        """Return the results of scripts, in one round trip. Each script is atomic; all together are not.

        Raises:
            RedisUnavailable: the reply to one is missing; others may have been run.
        """
        replies = self.exchange_calls(calls)
        raise_first_error(replies)
        return replies

    def scan(self, pattern: str) -> Iterator[str]:
        """Yield the keys that match, by SCAN. For maintenance and inspection, never for a write."""
        cursor = b"0"
        while True:
            cursor, keys = self.command("SCAN", cursor, "MATCH", pattern, "COUNT", 1000)
            yield from (key.decode() for key in keys)
            if cursor == b"0":
                return

    def node_keys(self, name: str) -> list[str]:
        """Return a key that begins with ``name`` on each node, which here is the one server."""
        return [name]

    def reconnect(self) -> None:
        """Replace all connections, and check that the server answers.

        Raises:
            RedisUnavailable: it does not answer yet, or slowly.
        """
        self.close()
        self.command("PING")  # opens a connection, which takes several round trips
        began = time.perf_counter()
        self.command("PING")
        if time.perf_counter() - began > self._slow_seconds:
            raise RedisUnavailable("it answers slowly")

    def close(self) -> None:
        """Close the idle connections."""
        with contextlib.suppress(IndexError):  # other threads may take some at the same time
            while True:
                self._idle.pop().disconnect()

    def _drop_connections(self) -> None:
        """In a forked process, drop the connections: they are the parent's."""
        self._idle.clear()

    def exchange(self, commands: tuple[Command, ...] | list[Command]) -> list[Any]:
        """Return the replies to some commands; an error reply is returned, not raised.

        Raises:
            RedisUnavailable: there are no replies, or the server replies that it cannot serve.
        """
        # Sent in one piece: each piece would be a system call of its own and wake up the server.
        packed = b"".join(map(pack, commands))
        try:
            connection, replies = self._converse(packed, len(commands))
        except RedisUnavailable:
            raise
        except DRIVER_ERRORS as error:
            self.breaks += 1
            self.close()
            raise RedisUnavailable(describe(error)) from error
        self._idle.append(connection)
        return replies

    def exchange_calls(self, calls: tuple[ScriptCall, ...] | list[ScriptCall]) -> list[Any]:
        """Return the replies to script calls; an error reply other than NOSCRIPT is returned, not raised.

        Raises:
            RedisUnavailable: there are no replies, or the server replies that it cannot serve.
        """
        replies = self.exchange([call.by_sha() for call in calls])
        unknown = [i for i, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
        if unknown:
            texts = self.exchange([calls[i].by_text() for i in unknown])
            for i, reply in zip(unknown, texts, strict=True):
                replies[i] = reply
        return replies

    def _converse(self, packed: bytes, count: int) -> tuple[AbstractConnection, list[Any]]:
        try:
            connection = self._idle.pop()
        except IndexError:
            pass
        else:
            try:
                return connection, converse(connection, packed, count)
            except RedisConnectionError:
                # The server closed it while it was idle. A new connection shows whether the server is up.
                self.breaks += 1
                self.close()
        connection = self._open()
        return connection, converse(connection, packed, count)

    def _open(self) -> AbstractConnection:
        connection = self._connect()
        try:
            connection.connect()
            record = self._record()
            if record is not None:
                distrust_after_restart(connection, record)
        except BaseException:
            connection.disconnect()
            raise
        return connection
