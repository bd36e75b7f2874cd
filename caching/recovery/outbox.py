"""The outbox: invalidations that could not reach Redis are kept in the database until they can.

A row is written in the transaction of the change itself, so it exists if and only if the change does. The
watch thread of every process runs the invalidations before the process trusts the values in Redis.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from typing import Any

from caching.keys import Target
from caching.recovery.session import Session
from caching.redis import scripts
from caching.redis.scripts import ScriptCall

logger = logging.getLogger(__name__)

BATCH = 500
# Before the first migration nothing of a database is cached, and there is no outbox. If a trigger exists, a
# missing outbox (another search_path, a table renamed by hand) must make the write fail.
SOMETHING_MAY_BE_CACHED = (
    "SELECT to_regclass('caching_outbox') IS NOT NULL"
    " OR EXISTS (SELECT FROM pg_trigger WHERE tgname LIKE 'caching\\_%')"
)
INSERT = "INSERT INTO caching_outbox (node, created_at) VALUES (%s, now())"
# Wait for transactions that are writing a row at present: only then may the cache be trusted.
LOCK = "LOCK TABLE caching_outbox IN SHARE ROW EXCLUSIVE MODE"
# Wait for rows on which another process is working: until then Redis may hold the old value.
TAKE = (
    "DELETE FROM caching_outbox WHERE id IN"
    " (SELECT id FROM caching_outbox ORDER BY id LIMIT %s FOR UPDATE) RETURNING node"
)


def record(connection: Any, targets: Iterable[Target]) -> None:
    """Write the targets into the open transaction of ``connection``, or at once in autocommit.

    Raises:
        DatabaseError: the rows could not be written.
    """
    rows = [(json.dumps(target),) for target in targets]
    logger.warning("Redis is unavailable: %d invalidations are written to the outbox", len(rows))
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.cursor() as cursor:
        cursor.execute(SOMETHING_MAY_BE_CACHED)
        if cursor.fetchone() == (True,):
            cursor.executemany(INSERT, rows)


def drain(session: Session, run: Callable[..., object], *, wait_for_writers: bool) -> int:
    """Run the invalidations in the outbox of one database with ``run``. Return how many there were.

    Args:
        wait_for_writers: wait for transactions that are about to write a row, for at most the
            session's statement timeout.

    Raises:
        RedisUnavailable: Redis does not answer; the rows stay.
        OutboxUnavailable: the database does not answer.
    """
    drained = 0
    while True:
        with session.transaction():
            if wait_for_writers:
                session.query(LOCK)
            rows = session.query(TAKE, [BATCH])
            if rows:
                run(*(ScriptCall(scripts.DROP, _target(node)) for (node,) in rows))
        drained += len(rows)
        if len(rows) < BATCH:
            return drained


def _target(node: Any) -> Target:
    return Target(*(json.loads(node) if isinstance(node, str) else node))
