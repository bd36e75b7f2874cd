"""Fences whose commit has not lifted them: its process was killed, or the answer to COMMIT was lost.

Each fence is named after its transaction, so that the database can be asked whether it is over::

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

# A statement that commits by itself has no number of its own: its server process is asked for.
IS_IDLE = "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s AND state IS DISTINCT FROM 'idle')"
PROCESS = "process-"
IS_OVER = "SELECT coalesce(pg_xact_status(%s::text::xid8), 'forgotten') <> 'in progress'"

UNKNOWN_TRANSACTION = "22023"  # "transaction ID … is in the future"

Run = Callable[..., list[object]]


def fence_token(alias: str, transaction_id: str) -> str:
    """Return a name for the fences of one commit.

    Args:
        transaction_id: PostgreSQL's number of it, or what ``process`` returns.
    """
    return f"{alias}:{transaction_id}:{secrets.token_hex(8)}"


def process(pid: int) -> str:
    """Return what names the fences of a statement that commits by itself: the process that carries it out."""
    return f"{PROCESS}{pid}"


def lift_overdue(targets: Iterable[Target], sessions: Mapping[str, Session], run: Run) -> int:
    """Lift the overdue fences of ``targets`` whose transactions are over. Return how many.

    Raises:
        RedisUnavailable: Redis does not answer.
        OutboxUnavailable: the database does not; their fences stay.
    """
    lifted = 0
    for target in targets:
        try:
            (tokens,) = run(ScriptCall(scripts.OVERDUE, [target.fence_key]))
        except RedisRefused as error:
            logger.warning("%s holds no fences, and its value is not cached: %s", target.fence_key, error)
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
        return True  # it has written nothing that is declared; or the alias is gone with its release
    try:
        if transaction_id.startswith(PROCESS):
            return bool(session.query(IS_IDLE, [int(transaction_id.removeprefix(PROCESS))])[0][0])
        return bool(session.query(IS_OVER, [transaction_id])[0][0])
    except OutboxUnavailable as error:
        if error.sqlstate == UNKNOWN_TRANSACTION:
            return True  # this database went back to before it
        raise
