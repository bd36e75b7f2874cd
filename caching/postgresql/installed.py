"""The triggers that are installed in a database."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from caching.postgresql.plan import Plan, plans

logger = logging.getLogger(__name__)

Query = Callable[..., list[tuple[Any, ...]]]

# For each table: its comment, and whether it and all its partitions and children have the four triggers.
# The rows of a materialized view change only by REFRESH, which is recognised as a statement.
INSTALLED = """
WITH RECURSIVE family AS (
  SELECT c.oid, c.oid AS root FROM pg_class c
  WHERE c.relname = ANY(%s) AND c.relkind IN ('r', 'p', 'm') AND pg_table_is_visible(c.oid)
  UNION SELECT i.inhrelid, f.root FROM pg_inherits i JOIN family f ON i.inhparent = f.oid
)
SELECT root.relname, min(found.comment), bool_and(found.number = 4 OR root.relkind = 'm'), root.relkind = 'm'
FROM family f JOIN pg_class root ON root.oid = f.root
CROSS JOIN LATERAL (
  SELECT count(*) AS number, min(obj_description(t.tgfoid, 'pg_proc')) AS comment FROM pg_trigger t
  WHERE t.tgrelid = f.oid AND t.tgname LIKE 'caching\\_%%' AND t.tgenabled IN ('O', 'A')
) found GROUP BY root.oid, root.relname, root.relkind
"""


# The result differs after any trigger or function of the cache was created, replaced, disabled or dropped.
STATE = """
SELECT count(*), sum(t.xmin::text::bigint), sum(p.xmin::text::bigint)
FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE t.tgname LIKE 'caching\\_%'
"""


def state(query: Query) -> tuple[Any, ...]:
    """Return a value that differs after triggers have changed."""
    return query(STATE)[0]


def installed_plans(query: Query, tables: Iterable[str]) -> dict[str, Plan | None]:
    """Return for each existing table what its triggers report; None for a materialized view.

    A table without one of its triggers, or with such a partition, has an empty plan.
    """
    found: dict[str, Plan | None] = {}
    for table, comment, complete, needs_none in query(INSTALLED, [sorted(tables)]):
        found[table] = None if needs_none else Plan.from_json(comment if complete else None)
    return found


def uncovered(query: Query, using: str) -> frozenset[str]:
    """Return the keys of the declarations for which not every table has its triggers."""
    wanted = plans(using)
    found = installed_plans(query, wanted)
    keys: set[str] = set()
    for table, plan in wanted.items():
        there = found.get(table, Plan.from_json(None))
        if there is None:
            continue
        reports = plan.columns <= there.columns and there.ignored <= plan.ignored
        keys |= {each.pattern for each in plan.dependents if not reports or each not in there.dependents}
    if keys:
        logger.error("not cached, because triggers are missing (run manage.py migrate): %s", sorted(keys))
    return frozenset(keys)
