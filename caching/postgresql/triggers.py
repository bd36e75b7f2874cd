"""The triggers that report every change of a declared table, in whatever way it is made.

They are created from the declarations after each ``migrate``. A statement-level trigger gets all rows that
one statement has changed, old and new, and sends them to the client in one message, which
write/changes.py reads::

    INFO:  caching:{"x":"730","t":"courses_lesson","c":["module_id"],"r":[[4],[5]]}
    [["v1:courses:detail:{pk}",false,…]]
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from django.db import connections, transaction

from caching.dependents import dump
from caching.keys import Target
from caching.postgresql.installed import installed_plans
from caching.postgresql.plan import Plan, plans
from caching.write.changes import MAX_ROWS

EVENTS = {
    "insert": "REFERENCING NEW TABLE AS caching_new",
    "update": "REFERENCING OLD TABLE AS caching_old NEW TABLE AS caching_new",
    "delete": "REFERENCING OLD TABLE AS caching_old",
    "truncate": "",
}
# After an error, for example while a migration that drops a column is running, all rows count as changed:
# the cache must not make a write fail.
FUNCTION = """
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $caching$
DECLARE
  changed json;
  number integer := {max_rows} + 1;
BEGIN
  BEGIN
    IF TG_OP = 'INSERT' THEN
      SELECT json_agg(reported), count(*) INTO changed, number FROM ({inserted}) found;
    ELSIF TG_OP = 'UPDATE' THEN
      SELECT json_agg(reported), count(*) INTO changed, number FROM ({updated}) found;
    ELSIF TG_OP = 'DELETE' THEN
      SELECT json_agg(reported), count(*) INTO changed, number FROM ({deleted}) found;
    END IF;
  EXCEPTION WHEN OTHERS THEN
    number := {max_rows} + 1;
  END;
  IF number > {max_rows} THEN
    changed := NULL;
  END IF;
  IF number > 0 THEN
    RAISE INFO USING MESSAGE = 'caching:{{"x":"' || pg_current_xact_id() || {constant}
      || coalesce(changed::text, 'null') || '}}' || chr(10) || {dependents};
  END IF;
  RETURN NULL;
END
$caching$
"""
CHILDREN = """
WITH RECURSIVE family AS (
  SELECT %s::regclass::oid AS oid
  UNION SELECT i.inhrelid FROM pg_inherits i JOIN family f ON i.inhparent = f.oid
)
SELECT oid::regclass::text FROM family
"""
COLUMNS = """
SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
"""


def install(using: str, *, prune: bool = False) -> list[str]:
    """Install the triggers of each declared table of a database. Return the tables that were changed.

    Args:
        prune: also remove what only another release has declared.
    """
    return [table for table, plan in sorted(plans(using).items()) if _install_one(using, table, plan, prune)]


def _install_one(using: str, table: str, plan: Plan, prune: bool) -> bool:
    """Install the triggers of one table in a transaction of its own: two locked tables could deadlock."""
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('caching triggers'))")
        there = installed_plans(_query_with(cursor), [table]).get(table)
        if there is None:
            return False  # a materialized view, or not migrated yet
        target = plan if prune else plan.with_other_releases(there)
        if target == there and _is_up_to_date(cursor, table, target):
            return False
        _install(cursor, table, target)
        return True


def groups(using: str, tables: list[str]) -> set[Target]:
    """Return the targets that may be stale because changes of these tables were not reported until now."""
    wanted = plans(using)
    return {each.group for table in tables for each in wanted[table].dependents}


def _query_with(cursor: Any) -> Any:
    def query(sql: str, params: Any = None) -> Any:
        cursor.execute(sql, params)
        return cursor.fetchall()

    return query


def _is_up_to_date(cursor: Any, table: str, plan: Plan) -> bool:
    """Return whether the table's function is the one that this version of the package makes for the plan."""
    cursor.execute("SELECT prosrc FROM pg_proc WHERE oid = to_regproc(%s)", [function_name(table)])
    return any(f"$caching${body}$caching$" in function_sql(table, plan) for (body,) in cursor.fetchall())


def _install(cursor: Any, table: str, plan: Plan) -> None:
    name = function_name(table)
    cursor.execute(COLUMNS, [_quoted(table)])
    plan = plan._replace(columns=plan.columns & {column for (column,) in cursor.fetchall()})
    cursor.execute(function_sql(table, plan))
    cursor.execute(f"COMMENT ON FUNCTION {name}() IS {_literal(plan.to_json())}")
    cursor.execute(CHILDREN, [_quoted(table)])
    for (relation,) in cursor.fetchall():
        for event, referencing in EVENTS.items():
            cursor.execute(
                f"CREATE OR REPLACE TRIGGER caching_{event} AFTER {event.upper()} ON {relation} {referencing}"
                f" FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
            )


def function_name(table: str) -> str:
    """Return the name of the trigger function of a table: at most 63 bytes, which PostgreSQL keeps."""
    beginning = table.encode()[:40].decode(errors="ignore")
    return _quoted(f"caching_{beginning}_{sha256(table.encode()).hexdigest()[:8]}")


def function_sql(table: str, plan: Plan) -> str:
    """Return the statement that makes the trigger function of a table.

    If changes of some columns are ignored, whole rows are compared without them. So a column that the
    table gets later is compared, too.
    """
    columns = sorted(plan.columns)
    constant = f'","t":{_json(table)},"c":{_json(columns)},"r":'
    names = ", ".join(map(_quoted, columns))
    some = names or "1"
    both = f"(SELECT {some} FROM caching_old UNION ALL SELECT {some} FROM caching_new) old_and_new"
    if plan.ignored:
        ignored = _literal(_json(dict.fromkeys(sorted(plan.ignored))))
        seen = ", ".join([*map(_quoted, columns), f"jsonb_populate_record(r, {ignored})::text"])
        old, new = f"SELECT {seen} FROM caching_old r", f"SELECT {seen} FROM caching_new r"
        both = f"(({old} EXCEPT ALL {new}) UNION ALL ({new} EXCEPT ALL {old})) really_changed"
    return FUNCTION.format(
        name=function_name(table),
        max_rows=MAX_ROWS,
        constant=_literal(constant),
        dependents=_literal(dump(plan.dependents)),
        inserted=_distinct_rows("caching_new", names),
        updated=_distinct_rows(both, names),
        deleted=_distinct_rows("caching_old", names),
    )


def _distinct_rows(source: str, names: str) -> str:
    row = f"json_build_array({names}) AS reported"
    if not names:
        return f"SELECT {row} FROM {source} LIMIT 1"
    return f"SELECT {row} FROM (SELECT DISTINCT {names} FROM {source} LIMIT {MAX_ROWS + 1}) rows"


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
