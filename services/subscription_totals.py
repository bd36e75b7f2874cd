"""The number of subscriptions and the sum of their prices, without reading them; and what is pending.

Triggers keep two tables (migrations/0003_tally.py, 0011_revision_totals.py): of all subscriptions, and of
those of each service and plan at each pair of revisions, which all cost the same. The first has its old
name: renaming it would break the processes of the previous release during a deployment.
"""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.db.models import QuerySet

TABLE = "services_tally"
SOURCE_TABLE = "services_source_totals"
READ = "SELECT coalesce(sum(count), 0), coalesce(sum(amount), 0) FROM services_tally"

KEPT = """
WITH kept AS (
    SELECT service_id, plan_id, service_revision, plan_revision, sum(count) AS count, sum(amount) AS amount,
           round(sum(amount) / sum(count), 2) AS price
    FROM services_source_totals GROUP BY 1, 2, 3, 4 HAVING sum(count) > 0
)
"""

# What read_of selects by. A value that is None selects everything.
NAMES = ("service", "plan", "plan_type", "price_min", "price_max", "price_status")
FOUND = f"""{KEPT}
, found AS (
    SELECT kept.* FROM kept
    JOIN services_service AS service ON service.id = service_id
    JOIN services_plan AS plan ON plan.id = plan_id
    WHERE (service_id = %(service)s OR %(service)s IS NULL)
      AND (plan_id = %(plan)s OR %(plan)s IS NULL)
      AND (plan_type = %(plan_type)s OR %(plan_type)s IS NULL)
      AND (price >= %(price_min)s OR %(price_min)s IS NULL)
      AND (price <= %(price_max)s OR %(price_max)s IS NULL)
      AND (%(price_status)s IS NULL OR (%(price_status)s = 'pending')
           = (service_revision < service.revision OR plan_revision < plan.revision))
)
"""  # noqa: S608  (as below: constants)
READ_OF = f"{FOUND} SELECT coalesce(sum(count), 0), coalesce(sum(amount), 0) FROM found"  # noqa: S608

# Those at one price are a level. In the order of prices the first level begins at 0.
LEVELS = f"""{FOUND}
, placed AS (
    SELECT service_id, price, sum(count) OVER (PARTITION BY price) AS count,
           sum(count) OVER (ORDER BY price {{direction}}) AS last FROM found
)
SELECT min(price), max(price), min(last - count), array_agg(DISTINCT service_id)
FROM placed WHERE last > %(first)s AND last - count < %(stop)s
"""  # noqa: S608

# Any other selection is added up from the number of its subscriptions on each service and plan, which an
# index tells without the rows. Where they have several prices, during a recalculation, the rows are read.
READ_COUNTED = f"""{KEPT}
, priced AS (
    SELECT service_id, plan_id, min(price) AS price, min(price) = max(price) AS is_one FROM kept GROUP BY 1, 2
), counted (service_id, plan_id, number) AS ({{counted}})
SELECT coalesce(sum(number), 0),
       coalesce(sum(number * price) FILTER (WHERE is_one), 0) + coalesce((
           SELECT sum(rows.price)
           FROM ({{selected}}) AS rows (service_id, plan_id, price) JOIN priced USING (service_id, plan_id)
           WHERE NOT is_one AND (SELECT bool_or(NOT is_one) FROM priced)
       ), 0)
FROM counted JOIN priced USING (service_id, plan_id)
"""  # noqa: S608

BEHIND = """
SELECT '{kind}' AS kind, source.id, source.revision, sum(kept.count)::bigint AS rows
FROM services_source_totals AS kept JOIN services_{kind} AS source ON source.id = kept.{kind}_id
WHERE kept.{kind}_revision < source.revision
GROUP BY source.id HAVING sum(kept.count) > 0
"""
IDS_BEHIND = {
    kind: f"SELECT behind.id FROM ({BEHIND.format(kind=kind)}) AS behind"  # noqa: S608
    for kind in ("service", "plan")
}
READ_BEHIND = f"{BEHIND.format(kind='plan')} UNION ALL {BEHIND.format(kind='service')} ORDER BY 1, 2"

# One statement, so that no reader sees the rows deleted and their sum not inserted. Two runs at once
# each add up what they have deleted themselves.
COMPACT = """
WITH gone AS (DELETE FROM services_tally RETURNING count, amount)
INSERT INTO services_tally SELECT sum(count), sum(amount) FROM gone HAVING count(*) > 0
"""

# Only where there is something to add up: the table's changes invalidate what was read from it.
COMPACT_SOURCES = """
WITH many AS (
    SELECT service_id, plan_id, service_revision, plan_revision FROM services_source_totals
    GROUP BY 1, 2, 3, 4 HAVING count(*) > 1
), gone AS (
    DELETE FROM services_source_totals AS found USING many
    WHERE (found.service_id, found.plan_id, found.service_revision, found.plan_revision)
        = (many.service_id, many.plan_id, many.service_revision, many.plan_revision)
    RETURNING found.*
)
INSERT INTO services_source_totals (service_id, plan_id, service_revision, plan_revision, count, amount)
SELECT service_id, plan_id, service_revision, plan_revision, sum(count), sum(amount) FROM gone
GROUP BY 1, 2, 3, 4 HAVING sum(count) <> 0 OR sum(amount) <> 0
"""


class SubscriptionTotals(NamedTuple):
    number: int
    amount: Decimal


class Levels(NamedTuple):
    """The prices among which some rows of an order by price are.

    Attributes:
        before: how many rows come before the first of these prices.
        services: those of the subscriptions at these prices.
    """

    lowest: Decimal
    highest: Decimal
    before: int
    services: list[int]


def read() -> SubscriptionTotals:
    """Return the totals of all subscriptions."""
    return _totals(*_row(READ))


def read_of(**selection: Any) -> SubscriptionTotals:
    """Return the totals of the subscriptions that a selection by ``NAMES`` finds."""
    return _totals(*_row(READ_OF, dict.fromkeys(NAMES) | selection))


def add_up(*parts: QuerySet[Any]) -> SubscriptionTotals:
    """Return the totals of the subscriptions that the query sets select, none of them twice."""
    counted, first = _union(part.values("service", "plan").annotate(number=Count("*")) for part in parts)
    selected, second = _union(part.values("service", "plan", "price") for part in parts)
    if not counted:
        return SubscriptionTotals(0, Decimal(0))
    return _totals(*_row(READ_COUNTED.format(counted=counted, selected=selected), (*first, *second)))


def read_levels(selection: Mapping[str, Any], *, first: int, stop: int, descending: bool) -> Levels | None:
    """Return the prices of a selection's rows from the first to the one before the last, if there are any."""
    places = {"first": first, "stop": stop}
    sql = LEVELS.format(direction="DESC" if descending else "")
    lowest, highest, before, services = _row(sql, {**dict.fromkeys(NAMES), **selection, **places})
    return None if before is None else Levels(lowest, highest, int(before), services)


def read_behind() -> list[tuple[str, int, int, int]]:
    """Return kind, id, revision and number of pending prices of each service and plan that has such."""
    with connection.cursor() as cursor:
        cursor.execute(READ_BEHIND)
        return list(cursor.fetchall())


def compact() -> None:
    """Replace the rows that statements have added since the last run by one for each total."""
    with connection.cursor() as cursor:
        cursor.execute(COMPACT)
        cursor.execute(COMPACT_SOURCES)


def _union(parts: Iterable[QuerySet[Any, Any]]) -> tuple[str, tuple[Any, ...]]:
    """Return the SQL of the query sets' rows, one after the other, and its parameters."""
    statements = []
    for part in parts:
        with suppress(EmptyResultSet):
            statements.append(part.order_by().query.sql_with_params())
    sql = " UNION ALL ".join(statement for statement, _ in statements)
    return sql, tuple(chain.from_iterable(params for _, params in statements))


def _row(sql: str, params: Any = None) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchone()


def _totals(count: int, amount: Decimal) -> SubscriptionTotals:
    return SubscriptionTotals(int(count), amount)
