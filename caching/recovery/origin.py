"""Which database has filled the cache: one that went back in time is another one.

After a failover that lost transactions, or a restore to an earlier moment, values may show what the
database no longer holds. The server's identifier, its timeline and the database's number tell.
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
        RedisUnavailable, OutboxUnavailable: one of the two does not answer.
    """
    ((identity,),) = session.query(IDENTITY)
    name = full_key(session.alias)  # with the prefix: another project's database is another one
    calls = [ScriptCall(scripts.CHECK_ORIGIN, [f"{key}:{name}"], [identity]) for key in record_keys]
    return any(run(*calls))
