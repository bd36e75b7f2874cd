"""The origin of the cached values: the database from which the cache was filled.

After a failover that lost transactions, or a restore to an earlier moment, values may contain rows that
the database no longer has. The origin is the server's identifier, its timeline and the database's number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from caching.keys import full_key
from caching.recovery.session import Session
from caching.redis import scripts
from caching.redis.scripts import ScriptCall

IDENTITY = """
SELECT (SELECT system_identifier FROM pg_control_system()) || ':' ||
       (SELECT oid FROM pg_database WHERE datname = current_database()) || ':' ||
       CASE WHEN pg_is_in_recovery() THEN 'standby' ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END
"""


def check(session: Session, run: Callable[..., list[object]], record_keys: Iterable[str]) -> bool:
    """Clear the cache if it was filled from another database. Return whether it was.

    Args:
        record_keys: one key of each Redis node, where the origin is recorded.

    Raises:
        RedisUnavailable: Redis does not answer.
        OutboxUnavailable: the database does not answer.
    """
    ((identity,),) = session.query(IDENTITY)
    name = full_key(session.alias)  # with the prefix, which differs between projects
    calls = [ScriptCall(scripts.CHECK_ORIGIN, [f"{key}:{name}"], [identity]) for key in record_keys]
    return any(run(*calls))
