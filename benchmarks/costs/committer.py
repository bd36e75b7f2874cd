"""A process that commits: ``python -m benchmarks.costs.committer``.

For each line with a number it saves an item that many times, each time in a transaction, and prints the
milliseconds of each.
"""

from __future__ import annotations

import json
import sys

import django

django.setup()

from django.db import connection, transaction  # noqa: E402

from benchmarks.costs.measure import milliseconds  # noqa: E402
from benchmarks.history.ledger.models import Item  # noqa: E402


def save() -> None:
    with transaction.atomic():
        item = Item.objects.get(pk=1)
        item.balance += 1
        item.save()


def main() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('bench.attempt', 'cost', false)")
        # The disk costs both contestants the same, and much more than the difference.
        cursor.execute("SET synchronous_commit TO off")
    for line in sys.stdin:
        print(json.dumps([milliseconds(save) for _ in range(int(line))]), flush=True)


if __name__ == "__main__":
    main()
