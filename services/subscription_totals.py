"""The number of subscriptions and the sum of their prices, without reading them.

Triggers keep the table (migrations/0003_tally.py). It has its old name: renaming it would break the
processes of the previous release during a deployment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.db import connection

if TYPE_CHECKING:
    from decimal import Decimal

TABLE = "services_tally"
READ = "SELECT coalesce(sum(count), 0), coalesce(sum(amount), 0) FROM services_tally"

# One statement, so that no reader sees the rows deleted and their sum not inserted. Two runs at once
# each add up what they have deleted themselves.
COMPACT = """
WITH gone AS (DELETE FROM services_tally RETURNING count, amount)
INSERT INTO services_tally SELECT sum(count), sum(amount) FROM gone HAVING count(*) > 0
"""


class SubscriptionTotals(NamedTuple):
    number: int
    amount: Decimal


def read() -> SubscriptionTotals:
    """Return the totals of all subscriptions."""
    with connection.cursor() as cursor:
        cursor.execute(READ)
        count, amount = cursor.fetchone()
    return SubscriptionTotals(int(count), amount)


def compact() -> None:
    """Replace the rows that statements have added since the last run by one."""
    with connection.cursor() as cursor:
        cursor.execute(COMPACT)
