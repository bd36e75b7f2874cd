"""Overdue fences: the process of the commit was killed, or the answer to COMMIT was lost.

The name of a fence contains its transaction, so that a query shows whether the transaction is over::

    writer                          PostgreSQL                  watch thread of any process
    fence
    COMMIT                          a deferred trigger sleeps
    (connection cut, or killed)                                 overdue: in progress, the fence stays
                                    commits
                                                                overdue: committed, lift
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable, Mapping

from caching.errors import OutboxUnavailable, RedisRefused
from caching.keys import Target
from caching.recovery.session import Session
from caching.redis import scripts
from caching.redis.scripts import ScriptCall

logger = logging.getLogger(__name__)

# A statement that commits by itself has no transaction id of its own; the id of its server process is used.
IS_IDLE = "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s AND state IS DISTINCT FROM 'idle')"
PROCESS = "process-"
IS_OVER = "SELECT coalesce(pg_xact_status(%s::text::xid8), 'unknown') <> 'in progress'"

UNKNOWN_TRANSACTION = "22023"  # "transaction ID … is in the future"

Run = Callable[..., list[object]]


def fence_token(alias: str, transaction_id: str) -> str:
    """Return the name of the fences of one commit.

    Args:
        transaction_id: PostgreSQL's transaction id, or the return value of ``process``.
    """
    return f"{alias}:{transaction_id}:{secrets.token_hex(8)}"


def process(pid: int) -> str:
    """Return, for a statement that commits by itself, a name of the server process that runs it."""
    return f"{PROCESS}{pid}"


def lift_overdue(targets: Iterable[Target], sessions: Mapping[str, Session], run: Run) -> int:
    """Lift the overdue fences of ``targets`` whose transactions are over. Return how many.

    Raises:
        RedisUnavailable: Redis does not answer.
        OutboxUnavailable: the database does not answer; the fences stay.
    """
    lifted = 0
    for target in targets:
        try:
            (tokens,) = run(ScriptCall(scripts.OVERDUE, [target.fence_key]))
        except RedisRefused as error:
            logger.warning("%s does not hold fences; its value is not cached: %s", target.fence_key, error)
            continue
        for token in tokens:  # type: ignore[attr-defined]  # a list of bytes
            if _is_over(token.decode(), sessions):
                run(ScriptCall(scripts.LIFT, target, [token]))
                lifted += 1
    return lifted


def _is_over(token: str, sessions: Mapping[str, Session]) -> bool:
    alias, _, numbers = token.partition(":")
    transaction_id = numbers.partition(":")[0]
    session = sessions.get(alias)
    if not transaction_id or session is None:
        return True  # it has written to no declared table, or only another release has the alias
    try:
        if transaction_id.startswith(PROCESS):
            return bool(session.query(IS_IDLE, [int(transaction_id.removeprefix(PROCESS))])[0][0])
        return bool(session.query(IS_OVER, [transaction_id])[0][0])
    except OutboxUnavailable as error:
        if error.sqlstate == UNKNOWN_TRANSACTION:
            return True  # this database was restored to a moment before it
        raise
