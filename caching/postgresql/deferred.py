"""Deferred triggers of the application: they run within COMMIT, but fences must precede it.

::

    writer                          readers
    INSERT INTO orders
    COMMIT: a deferred trigger
      updates item 5
                                    a list: new item 5
                                    detail 5, hit: old
    invalidates item 5              (unless it is killed first)

So they are run before the fences are set. The tables' own constraints write nothing, so a database without
other deferrable triggers pays only for one query now and then.
"""

from __future__ import annotations

import time
from typing import Any

RECHECK_SECONDS = 30.0
HAS_SUCH_TRIGGERS = "SELECT EXISTS (SELECT FROM pg_trigger WHERE tgdeferrable AND NOT tgisinternal)"
RUN = "SET CONSTRAINTS ALL IMMEDIATE"

_known: dict[str, tuple[bool, float]] = {}


def run_deferred(connection: Any) -> None:
    """Run the deferred triggers of the open transaction of Django's ``connection``, if any may write.

    Raises:
        DatabaseError: a trigger failed, or a constraint is violated; the transaction cannot commit.
    """
    found, until = _known.get(connection.alias, (False, 0.0))
    if time.monotonic() >= until:
        found = _ask(connection)
        _known[connection.alias] = found, time.monotonic() + RECHECK_SECONDS
    if found:
        with connection.wrap_database_errors, connection.connection.cursor() as cursor:
            cursor.execute(RUN)


def recheck() -> None:
    """Look for such triggers again before the next commit: a statement may have created one."""
    _known.clear()


def _ask(connection: Any) -> bool:
    with connection.wrap_database_errors, connection.connection.cursor() as cursor:
        cursor.execute(HAS_SUCH_TRIGGERS)
        return bool(cursor.fetchone()[0])
