"""Connections to a Redis server: short timeouts, no hidden retries, distrust after a restart."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from hiredis import pack_command
from redis.connection import AbstractConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, RedisError

from caching.errors import Unreachable
from caching.scripts import RECOVER, Script

RUN_ID_KEY = "caching:run_id"

Command = tuple[Any, ...]


class Call:
    """One run of a script: the command by its SHA-1, and the one that carries its text."""

    __slots__ = ("args", "keys", "script")

    def __init__(self, script: Script, keys: Iterable[str], args: Iterable[Any] = ()) -> None:
        self.script = script
        self.keys = tuple(keys)
        self.args = tuple(args)

    def by_sha(self) -> Command:
        return ("EVALSHA", self.script.sha, len(self.keys), *self.keys, *self.args)

    def by_text(self) -> Command:
        return ("EVAL", self.script.text, len(self.keys), *self.keys, *self.args)


class Server:
    """A handful of connections to one server, each used by one thread at a time.

    The idle ones wait on a list whose ``append`` and ``pop`` are atomic, so a command costs no lock.

    Args:
        connect: makes a connection, not yet opened.
        record: names the key where the server's run is recorded.

    Attributes:
        breaks: how many connections have broken. Whoever trusts what the server holds compares.
    """

    def __init__(
        self,
        connect: Callable[[], AbstractConnection],
        record: Callable[[], str] = lambda: RUN_ID_KEY,
    ) -> None:
        self._connect = connect
        self._record = record
        self.breaks = 0
        self._idle: list[AbstractConnection] = []
        os.register_at_fork(after_in_child=self._idle.clear)

    def command(self, *words: Any) -> Any:
        """Carry out one command.

        Raises:
            Unreachable: no answer in time, or none that can be used.
        """
        return self._exchange([words])[0]

    def commands(self, *commands: Command) -> list[Any]:
        """Carry out plain commands in one round trip.

        Raises:
            Unreachable: the answer of one is missing; others may have been carried out.
        """
        return self._exchange(list(commands))

    def run(self, *calls: Call) -> list[Any]:
        """Run scripts in one round trip; each is atomic, the row of them is not.

        Raises:
            Unreachable: the answer of one is missing; others may have been carried out.
        """
        replies = self._exchange([call.by_sha() for call in calls], keep=NoScriptError)
        unknown = [i for i, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
        if unknown:
            texts = self._exchange([calls[i].by_text() for i in unknown])
            for i, reply in zip(unknown, texts, strict=True):
                replies[i] = reply
        return replies

    def scan(self, pattern: str) -> Iterator[str]:
        """The keys that match, by cursor: for maintenance and inspection, never on a write."""
        cursor = b"0"
        while True:
            cursor, keys = self.command("SCAN", cursor, "MATCH", pattern, "COUNT", 1000)
            yield from (key.decode() for key in keys)
            if cursor == b"0":
                return

    def recover(self) -> None:
        """Reach the server, by new connections only.

        Raises:
            Unreachable: it does not answer yet.
        """
        self.close()
        self.command("PING")

    def close(self) -> None:
        """Drop the idle connections."""
        with contextlib.suppress(IndexError):  # others may be taking them meanwhile
            while True:
                self._idle.pop().disconnect()

    def _exchange(self, commands: list[Command], keep: type[RedisError] | None = None) -> list[Any]:
        try:
            connection, reused = self._take()
            try:
                replies = _converse(connection, commands)
            except RedisConnectionError:
                if not reused:
                    raise
                # The server closed a connection that lay idle. A new one tells whether it is there;
                # every command of the cache may be repeated.
                self.breaks += 1
                connection = self._open()
                replies = _converse(connection, commands)
        except (RedisError, OSError) as error:
            self.breaks += 1
            raise Unreachable(str(error)) from error
        refusal = next((r for r in replies if isinstance(r, Exception) and not _is(r, keep)), None)
        if refusal is None:
            self._idle.append(connection)
            return replies
        # Full, demoted to a replica, no longer this slot's node: not to be used as it is.
        connection.disconnect()
        raise Unreachable(str(refusal)) from refusal

    def _take(self) -> tuple[AbstractConnection, bool]:
        try:
            return self._idle.pop(), True
        except IndexError:
            return self._open(), False

    def _open(self) -> AbstractConnection:
        connection = self._connect()
        connection.connect()
        distrust_after_restart(connection, self._record())
        return connection


def _is(error: Exception, kind: type[RedisError] | None) -> bool:
    return kind is not None and isinstance(error, kind)


def _converse(connection: AbstractConnection, commands: list[Command]) -> list[Any]:
    """Send all, then read all. An error reply is returned in its place.

    Raises:
        redis.exceptions.ConnectionError, TimeoutError, OSError: the connection is closed by then.
    """
    # In one piece: each piece would be a system call of its own, and wake the server.
    packed = b"".join(map(pack_command, commands))
    connection.send_packed_command([packed], check_health=False)
    replies: list[Any] = []
    try:
        for _ in commands:
            try:
                replies.append(connection.read_response())
            except RedisError as error:
                if not connection.is_connected:
                    raise
                replies.append(error)
    except BaseException:
        connection.disconnect()  # unread replies must never reach the next command
        raise
    return replies


def distrust_after_restart(connection: AbstractConnection, record: str) -> None:
    """Clear the database if the server has restarted since it was last recorded (recover.lua)."""
    info = _converse(connection, [("INFO", "server")])[0]
    if isinstance(info, Exception):
        raise info
    text = info if isinstance(info, bytes) else str(info).encode()
    run_id = next(line[7:] for line in text.split(b"\r\n") if line.startswith(b"run_id:"))
    reply = _converse(connection, [Call(RECOVER, [record], [run_id]).by_text()])[0]
    if isinstance(reply, Exception):
        raise reply
