"""Reads of the history: what a price or discount was, is and will be, and who or what changed it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import connection
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Now

from services.models import Plan, PriceChange, Service

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

# The field of each kind of source that its changes record.
VALUES = {"service": "full_price", "plan": "discount_percent"}


def changes_of(source: Service | Plan) -> QuerySet[PriceChange]:
    """Return the changes of a service or plan with the moment at which each ends, the latest first."""
    changes = PriceChange.objects.filter(**{str(source._meta.model_name): source.pk})
    later = changes.filter(effective_from__gt=OuterRef("effective_from")).order_by("effective_from")
    until = Subquery(later.values("effective_from")[:1])
    return changes.select_related("user").annotate(effective_to=until).order_by("-effective_from")


def past_changes(source: Service | Plan) -> QuerySet[PriceChange]:
    """Return the changes that have taken effect, the latest first."""
    return changes_of(source).filter(effective_from__lte=Now())


def scheduled_changes(source: Service | Plan) -> QuerySet[PriceChange]:
    """Return the changes that will take effect, the next first."""
    return changes_of(source).filter(effective_from__gt=Now(), applied_at=None).order_by("effective_from")


class PricePeriod(NamedTuple):
    """What a subscription costs from one moment, inclusive, to another.

    Attributes:
        reason: what began it: ``added``, ``moved``, ``service`` or ``plan``.
    """

    price: float
    effective_from: datetime
    effective_to: datetime | None
    reason: str
    service_id: int
    full_price: float
    plan_id: int
    discount_percent: int
    changed_by: str | None
    via: str


# A stay is the time on one service and plan. It begins when the subscription was added or moved, and each
# change of its service or plan begins a new period. What is not recorded, as the time before the history
# began, is left out. Of two changes at one moment, the service's is named.
PERIODS = """
WITH subscription AS (SELECT * FROM services_subscription WHERE id = %(subscription)s),
departures AS (
    SELECT service_id, plan_id, moved_at AS ended, user_id, via
    FROM services_subscriptionmove WHERE subscription_id = %(subscription)s
    UNION ALL SELECT service_id, plan_id, 'infinity', NULL, '' FROM subscription
),
stays AS (
    SELECT service_id, plan_id, ended,
           coalesce(lag(ended) OVER earlier, (SELECT created_at FROM subscription)) AS began,
           lag(user_id) OVER earlier AS user_id, coalesce(lag(via) OVER earlier, '') AS via
    FROM departures WINDOW earlier AS (ORDER BY ended)
),
starts AS (
    SELECT began AS moment, CASE WHEN began = subscription.created_at THEN 'added' ELSE 'moved' END AS reason,
           0 AS rank, stays.service_id, stays.plan_id, stays.user_id, stays.via
    FROM stays, subscription
    UNION ALL
    SELECT change.effective_from, 'service', 1, stays.service_id, stays.plan_id, change.user_id, change.via
    FROM stays JOIN services_pricechange AS change ON change.service_id = stays.service_id
    WHERE change.effective_from > began AND change.effective_from < ended
    UNION ALL
    SELECT change.effective_from, 'plan', 2, stays.service_id, stays.plan_id, change.user_id, change.via
    FROM stays JOIN services_pricechange AS change ON change.plan_id = stays.plan_id
    WHERE change.effective_from > began AND change.effective_from < ended
),
periods AS (
    SELECT *, lead(moment) OVER (ORDER BY moment) AS until
    FROM (SELECT DISTINCT ON (moment) * FROM starts ORDER BY moment, rank) AS first_reasons
)
SELECT services_price(service.value, plan.value), moment, until, reason,
       periods.service_id, service.value, periods.plan_id, plan.value::integer,
       auth_user.username, periods.via
FROM periods
CROSS JOIN LATERAL (
    SELECT value FROM services_pricechange
    WHERE service_id = periods.service_id AND effective_from <= moment ORDER BY effective_from DESC LIMIT 1
) AS service
CROSS JOIN LATERAL (
    SELECT value FROM services_pricechange
    WHERE plan_id = periods.plan_id AND effective_from <= moment ORDER BY effective_from DESC LIMIT 1
) AS plan
LEFT JOIN auth_user ON auth_user.id = periods.user_id
WHERE %(as_of)s::timestamptz IS NULL
   OR (moment <= %(as_of)s::timestamptz AND (until IS NULL OR until > %(as_of)s::timestamptz))
ORDER BY moment DESC
"""


class PricePeriods:
    """What a subscription costs, the latest period first; those to come are among them.

    Counted and sliced like a query set, in one statement each.
    """

    def __init__(self, subscription_id: int, as_of: datetime | None = None) -> None:
        self._params = {"subscription": subscription_id, "as_of": as_of}

    def count(self) -> int:
        """Return the number of periods."""
        return int(_fetch(f"SELECT count(*) FROM ({PERIODS}) AS found", self._params)[0][0])  # noqa: S608

    def __getitem__(self, rows: slice) -> list[PricePeriod]:
        page = {"offset": rows.start, "limit": rows.stop - rows.start}
        found = _fetch(f"{PERIODS} LIMIT %(limit)s OFFSET %(offset)s", self._params | page)
        return [PricePeriod(*row) for row in found]


def _fetch(sql: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
