"""Recreate and fill the tables for the next contestant: ``python -m benchmarks.history.prepare``.

Dropping the tables also drops the triggers of the previous contestant.
"""

from pathlib import Path

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from benchmarks.history.ledger.layout import ITEMS, OPENING_BALANCE, OWNERS, TAGS, group_of, owner_of  # noqa: E402

JOURNAL = Path(__file__).parent / "ledger" / "journal.sql"
TABLES = (
    "ledger_item, ledger_owner, ledger_tag, ledger_item_tags, ledger_order, ledger_planned, register, journal"
)


def main() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {TABLES}")
    call_command("migrate", run_syncdb=True, verbosity=0)  # also installs this product's triggers
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(JOURNAL.read_text())
        cursor.execute("SELECT set_config('bench.attempt', 'seed', true)")
        cursor.execute("INSERT INTO ledger_tag (id, name) SELECT n, n FROM generate_series(1, %s) n", [TAGS])
        cursor.execute(
            "INSERT INTO ledger_owner (id, nonce) SELECT n, 'seed' FROM generate_series(1, %s) n", [OWNERS]
        )
        for pk in range(1, ITEMS + 1):
            cursor.execute(
                'INSERT INTO ledger_item (id, "group", owner_id, balance, nonce, version)'
                " VALUES (%s, %s, %s, %s, %s, 0)",
                [pk, group_of(pk), owner_of(pk), OPENING_BALANCE, "seed"],
            )
            cursor.execute("INSERT INTO ledger_item_tags (item_id, tag_id) VALUES (%s, %s)", [pk, pk])


if __name__ == "__main__":
    main()
