"""Set fences, COMMIT, lift the fences::

    writer                          readers
    UPDATE                          hit: old                 (not committed: old is correct)
    fence                           bypass: old              (value and leases are deleted)
    COMMIT                          bypass: new
    lift                            miss: new, stored
    acknowledged                    hit: new

The name of a fence contains its transaction. If its process is killed, or the answer to COMMIT is lost, the
fence stays until a query shows that the transaction is over (recovery/fences.py).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from caching import metrics
from caching.errors import RedisUnavailable
from caching.gateway import get_gateway
from caching.keys import Target
from caching.postgresql.deferred import run_deferred
from caching.recovery import outbox
from caching.recovery.fences import fence_token, process
from caching.write.pending import Connection

logger = logging.getLogger(__name__)

ACTIVE = 1  # of both drivers: a statement is in progress


@contextmanager
def committing(connection: Connection) -> Iterator[None]:
    """Fence what the transaction has changed, let the block commit, and lift the fences.

    Raises:
        DatabaseError: a deferred constraint is violated, or Redis is unavailable and the outbox cannot be
            written; nothing is committed.
        Exception: any that the block raises.
    """
    pending = connection.pending
    if pending.in_snapshot and not pending:  # read only
        yield
        return
    run_deferred(connection)
    targets = pending.targets(lock=True)
    is_fenced = _fenced(connection, targets, _transaction_id(connection)) if targets else nullcontext()
    with is_fenced:
        yield
        pending.committed()
    if pending:  # changed by the COMMIT itself, by deferred triggers that were just created
        pending.flush()


@contextmanager
def closed(connection: Connection, targets: set[Target] | None) -> Iterator[None]:
    """Fence targets while the block runs a statement that may commit by itself.

    Args:
        targets: None: those of what the transaction has changed so far.
    """
    connection.ensure_connection()
    if targets is None:
        targets = set() if connection.is_in_error() else connection.pending.targets(lock=True)
    if not targets:
        yield
        return
    owner = connection.pending.transaction_id or process(connection.connection.info.backend_pid)
    with _fenced(connection, targets, owner):
        yield


@contextmanager
def _fenced(connection: Connection, targets: set[Target], owner: str) -> Iterator[None]:
    """Fence targets while the block runs. The fences stay if the outcome of its statement is unknown."""
    token = fence_token(connection.alias, owner)
    fenced = _fence(connection, targets, token)
    try:
        yield
    finally:
        if not fenced:
            get_gateway().watch.note_missed()
        elif _is_answered(connection):
            _lift(targets, token)
        else:
            logger.warning("the outcome is unknown: %d fences stay until it is known", len(targets))


def _is_answered(connection: Connection) -> bool:
    """Return whether the server has answered the last statement.

    It has not if the connection broke, or if a signal's exception left psycopg 3 waiting for the answer.
    """
    raw = connection.connection
    return not raw.closed and raw.info.transaction_status != ACTIVE


def _transaction_id(connection: Connection) -> str:
    """Return PostgreSQL's id of the transaction, empty if it has written nothing."""
    if connection.pending.transaction_id:
        return connection.pending.transaction_id
    with connection.wrap_database_errors, connection.connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id_if_assigned()::text")
        return cursor.fetchone()[0] or ""


def _fence(connection: Connection, targets: set[Target], token: str) -> bool:
    """Fence the targets and return True; without Redis, write them to the outbox and return False."""
    started = time.perf_counter_ns()
    try:
        get_gateway().fence(targets, token)
    except RedisUnavailable:
        metrics.count(metrics.COMMITS, "outboxed")
        outbox.record(connection, targets)
        return False
    metrics.count(metrics.COMMITS, "fenced")
    metrics.count(metrics.COMMITS, "fence_microseconds", (time.perf_counter_ns() - started) // 1000)
    return True


def _lift(targets: set[Target], token: str) -> None:
    """Lift the fences of the targets. If Redis does not answer, the watch thread retries."""
    gateway = get_gateway()
    try:
        gateway.lift(targets, token)
    except RedisUnavailable as error:
        logger.warning("fences are left: %s", error)
        gateway.watch.retry_later(targets, token)
