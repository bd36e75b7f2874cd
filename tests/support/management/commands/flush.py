"""``flush`` for the tests that commit: it deletes the rows that there are, in a tenth of the time.

Each TransactionTestCase calls it at its end. Django's own truncates all tables, and then makes again what
signals of a migration make: rows of two tables and the cache's triggers. Hardly any test changes those.
"""

from __future__ import annotations

from typing import Any

from django.core.management.commands import flush
from django.db import connection, transaction

MADE_BY_SIGNALS = {"auth_permission", "django_content_type"}
STAY = MADE_BY_SIGNALS | {"django_migrations"}
STATE = """
SELECT
  (SELECT md5(string_agg(concat(app_label, model, codename), ',' ORDER BY app_label, model, codename))
   FROM django_content_type AS types LEFT JOIN auth_permission ON content_type_id = types.id),
  (SELECT md5(string_agg(concat(tgenabled, pg_get_triggerdef(oid)), ',' ORDER BY oid))
   FROM pg_trigger WHERE NOT tgisinternal),
  (SELECT md5(string_agg(pg_get_functiondef(oid), ',' ORDER BY oid))
   FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f')
"""
# With those that are no models: triggers of TRUNCATE empty them.
TABLES = """
SELECT relname, pg_relation_size(oid) > 1000000 FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""


class Command(flush.Command):
    after_signals: tuple[str, ...] | None = None  # the state that they left

    def handle(self, **options: Any) -> None:
        of_a_test = options.get("reset_sequences") is False
        tables = is_large_by_table()
        # Only TRUNCATE gives space back: dead rows slow the tests that follow, and change plans of queries.
        if of_a_test and not any(tables.values()) and state() == Command.after_signals:
            delete_rows(tables.keys() - STAY)
        else:
            super().handle(**options)
            Command.after_signals = state()


def state() -> tuple[str, ...]:
    """Return what the signals of a migration may have to repair."""
    with connection.cursor() as cursor:
        cursor.execute(STATE)
        return tuple(cursor.fetchone())


def is_large_by_table() -> dict[str, bool]:
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        return dict(cursor.fetchall())


def delete_rows(tables: set[str]) -> None:
    """Delete all rows of the tables, in any order and without a trigger: as TRUNCATE of all of them would."""
    with transaction.atomic(), connection.cursor() as cursor:
        looks = (f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in tables)
        cursor.execute(" UNION ALL ".join(looks))
        filled = [name for (name,) in cursor.fetchall()]
        cursor.execute("SET LOCAL session_replication_role TO replica")
        for name in filled:
            cursor.execute(f"DELETE FROM {name}")
