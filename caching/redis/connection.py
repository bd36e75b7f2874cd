"""One exchange on one connection."""

from __future__ import annotations

from typing import Any

from redis.connection import AbstractConnection
from redis.exceptions import ResponseError

from caching.errors import RedisUnavailable
from caching.redis.packing import pack
from caching.redis.replies import is_away
from caching.redis.scripts import DISTRUST, ScriptCall


def converse(connection: AbstractConnection, packed: bytes, count: int) -> list[Any]:
    """Send packed commands and return their replies. An error reply is returned, not raised.

    Raises:
        Exception: no reply, or one by which the server cannot serve. The connection is closed.
    """
    replies: list[Any] = []
    try:
        connection.send_packed_command([packed], check_health=False)
        for _ in range(count):
            try:
                replies.append(connection.read_response())
            except ResponseError as error:
                if is_away(error):
                    raise
                replies.append(error)
    except BaseException:
        connection.disconnect()  # otherwise the next command could read the replies that are left
        raise
    return replies


def ask(connection: AbstractConnection, *words: Any) -> Any:
    """Return the reply to one command on an open connection.

    Raises:
        Exception: no reply, or an error reply.
    """
    reply = converse(connection, pack(words), 1)[0]
    if isinstance(reply, Exception):
        raise reply
    return reply


def distrust_after_restart(connection: AbstractConnection, record: str) -> None:
    """Clear the database if the server has restarted since its run was recorded (distrust.lua).

    Raises:
        Exception: no reply.
    """
    info = ask(connection, "INFO", "server")
    text = info if isinstance(info, bytes) else str(info).encode()
    run_ids = [line[7:] for line in text.split(b"\r\n") if line.startswith(b"run_id:")]
    if not run_ids:
        raise RedisUnavailable("INFO tells no run_id")
    ask(connection, *ScriptCall(DISTRUST, [record], run_ids[:1]).by_text())
