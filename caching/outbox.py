"""Invalidations that Redis could not be told of, kept in the database until it can.

A row is written in the transaction of the change itself, so it exists exactly if the change does.
Whoever reaches Redis next carries it out, before it trusts what Redis holds: any process when it
connects for the first time or after a broken connection, and when its breaker closes; and beat.
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import psycopg2
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from psycopg2.errors import UndefinedTable

from caching.errors import RedisUnavailable
from caching.keys import Node
from caching.redis.scripts import ScriptCall
from caching.scripts import DROP

if TYPE_CHECKING:
    from caching.postgresql.base import DatabaseWrapper

logger = logging.getLogger(__name__)

BATCH = 500
INSERT = "INSERT INTO caching_outbox (node, created_at) VALUES (%s, now())"
# Whoever is just noting something is waited for: after ``drain`` the cache may be trusted.
LOCK = "SET LOCAL lock_timeout TO '1s'; LOCK TABLE caching_outbox IN SHARE ROW EXCLUSIVE MODE"
SELECT = "SELECT id, node FROM caching_outbox ORDER BY id LIMIT %s"
DELETE = "DELETE FROM caching_outbox WHERE id = ANY(%s)"


def record(connection: DatabaseWrapper, nodes: Iterable[Node]) -> None:
    """Note in the open transaction (or at once, in autocommit) that ``nodes`` are to be dropped."""
    rows = [(json.dumps(node),) for node in nodes]
    logger.warning("Redis is away: %d invalidations go into the outbox", len(rows))
    with connection.wrap_database_errors, connection.connection.cursor() as cursor:
        cursor.executemany(INSERT, rows)


def record_apart(nodes: Iterable[Node]) -> None:
    """Note, in a transaction of its own, that ``nodes`` are to be dropped; the change is committed."""
    try:
        with _own_connection() as connection, connection, connection.cursor() as cursor:
            cursor.executemany(INSERT, [(json.dumps(node),) for node in nodes])
    except (DatabaseError, psycopg2.Error):
        logger.exception("the outbox does not answer either: %s are left to their TTL", nodes)


def drain(run: Callable[..., object]) -> int:
    """Carry out what the outbox holds, with ``run``; how many rows there were.

    Raises:
        RedisUnavailable: Redis, or the database, is still away; the rows stay.
    """
    drained = 0
    try:
        with _own_connection() as connection:
            while True:
                count = _drain_batch(connection, run)
                drained += count
                if count < BATCH:
                    return drained
    except (DatabaseError, psycopg2.Error) as error:
        raise RedisUnavailable(f"the outbox: {error}") from error


def _drain_batch(connection: Any, run: Callable[..., object]) -> int:
    with connection, connection.cursor() as cursor:  # psycopg2: commits, or rolls back on an error
        try:
            cursor.execute(LOCK)
        except UndefinedTable:
            return 0  # before the first migration nothing can wait
        cursor.execute(SELECT, [BATCH])
        rows = cursor.fetchall()
        if rows:
            run(*(ScriptCall(DROP, Node(*_decoded(node))) for _, node in rows))
            cursor.execute(DELETE, [[pk for pk, _ in rows]])
    return len(rows)


def _decoded(node: Any) -> list[str]:
    decoded: list[str] = json.loads(node) if isinstance(node, str) else node
    return decoded


@contextlib.contextmanager
def _own_connection() -> Iterator[Any]:
    """A database connection beside the caller's, which may be in the middle of a transaction."""
    wrapper = connections[DEFAULT_DB_ALIAS].copy()
    connection = wrapper.get_new_connection(wrapper.get_connection_params())
    try:
        yield connection
    finally:
        connection.close()
