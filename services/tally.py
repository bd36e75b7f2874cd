"""How many subscriptions there are and what they come to, without reading them (migrations/0003_tally.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.db import connection

if TYPE_CHECKING:
    from decimal import Decimal

TABLE = "services_tally"
READ = "SELECT coalesce(sum(count), 0), coalesce(sum(amount), 0) FROM services_tally"

# One statement, so that no reader sees the rows gone and their sum not there. Two at once each add up
# what they have deleted themselves.
COMPACT = """
WITH gone AS (DELETE FROM services_tally RETURNING count, amount)
INSERT INTO services_tally SELECT sum(count), sum(amount) FROM gone HAVING count(*) > 0
"""


class Tally(NamedTuple):
    number: int
    amount: Decimal


def read() -> Tally:
    """All subscriptions, as of now."""
    with connection.cursor() as cursor:
        cursor.execute(READ)
        count, amount = cursor.fetchone()
    return Tally(int(count), amount)


def compact() -> None:
    """Make one row of those that the statements since the last time have left."""
    with connection.cursor() as cursor:
        cursor.execute(COMPACT)
