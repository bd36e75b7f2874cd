"""The number of subscriptions and the sum of their prices, without reading them.

Triggers keep two tables (migrations/0003_tally.py, 0009_source_totals.py): of all subscriptions, and of those
of each service and plan. The first has its old name: renaming it would break the processes of the previous
release during a deployment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

TABLE = "services_tally"
SOURCE_TABLE = "services_source_totals"
READ = "SELECT coalesce(sum(count), 0), coalesce(sum(amount), 0) FROM services_tally"
READ_OF = """
WITH found AS (
    SELECT sum(count) AS count, sum(amount) AS amount FROM services_source_totals
    WHERE (service_id = %(service)s OR %(service)s IS NULL) AND (plan_id = %(plan)s OR %(plan)s IS NULL)
      AND (%(plan_type)s IS NULL
           OR plan_id IN (SELECT id FROM services_plan WHERE plan_type = %(plan_type)s))
      AND service_id <> ALL(%(without_services)s::bigint[]) AND plan_id <> ALL(%(without_plans)s::bigint[])
    GROUP BY service_id, plan_id
)
SELECT coalesce(sum(count), 0), coalesce(sum(amount), 0) FROM found
WHERE (%(price_min)s::numeric IS NULL OR amount >= %(price_min)s * count)
  AND (%(price_max)s::numeric IS NULL OR amount <= %(price_max)s * count)
"""

# One statement, so that no reader sees the rows deleted and their sum not inserted. Two runs at once
# each add up what they have deleted themselves.
COMPACT = """
WITH gone AS (DELETE FROM services_tally RETURNING count, amount)
INSERT INTO services_tally SELECT sum(count), sum(amount) FROM gone HAVING count(*) > 0
"""

# Only where there is something to add up: the table's changes invalidate what was read from it.
COMPACT_SOURCES = """
WITH many AS (
    SELECT service_id, plan_id FROM services_source_totals GROUP BY service_id, plan_id HAVING count(*) > 1
), gone AS (
    DELETE FROM services_source_totals AS found USING many
    WHERE found.service_id = many.service_id AND found.plan_id = many.plan_id
    RETURNING found.*
)
INSERT INTO services_source_totals
SELECT service_id, plan_id, sum(count), sum(amount) FROM gone GROUP BY service_id, plan_id
HAVING sum(count) <> 0 OR sum(amount) <> 0
"""


class SubscriptionTotals(NamedTuple):
    number: int
    amount: Decimal


def read() -> SubscriptionTotals:
    """Return the totals of all subscriptions."""
    return _read(READ, None)


def read_of(
    *, without_services: Sequence[int] = (), without_plans: Sequence[int] = (), **selection: Any
) -> SubscriptionTotals:
    """Return the totals of the subscriptions of a service, on a plan or its type, in a range of prices.

    A range needs the services and plans left out that have pending prices: all subscriptions of any other
    service and plan cost the same.
    """
    without = {"without_services": list(without_services), "without_plans": list(without_plans)}
    names = ("service", "plan", "plan_type", "price_min", "price_max")
    return _read(READ_OF, dict.fromkeys(names) | selection | without)


def _read(sql: str, params: dict[str, Any] | None) -> SubscriptionTotals:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        count, amount = cursor.fetchone()
    return SubscriptionTotals(int(count), amount)


def compact() -> None:
    """Replace the rows that statements have added since the last run by one for each total."""
    with connection.cursor() as cursor:
        cursor.execute(COMPACT)
        cursor.execute(COMPACT_SOURCES)
