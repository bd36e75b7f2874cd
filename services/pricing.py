"""The statements that compute prices and stamp comments.

The formula itself is the database's ``services_price`` (migrations/0002_prices.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection, transaction

from services.models import Subscription

if TYPE_CHECKING:
    from collections.abc import Sequence

# A stamp is the time of a recalculation in UTC, such as 2030-01-31 09:00:00+00:00. It replaces an empty
# comment and an earlier stamp (the source's has a fraction and no offset), never what a person wrote.
STAMP_FORMAT = 'YYYY-MM-DD HH24:MI:SS"+00:00"'
STAMP_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?([+]00:00)?$"
STAMPABLE = "(comment = '' OR comment ~ %(pattern)s)"

# The caller holds the rows. Begun after they were locked, the statement sees every committed change
# of a service or plan that a price written before it was made of.
REPRICE = f"""
UPDATE services_subscription AS subscription
SET price = services_price(service.full_price, plan.discount_percent),
    service_revision = service.revision,
    plan_revision = plan.revision,
    priced_at = run.started_at,
    comment = CASE WHEN %(stamps)s AND {STAMPABLE}
                   THEN to_char(run.started_at AT TIME ZONE 'UTC', %(format)s) ELSE comment END
FROM services_service AS service, services_plan AS plan, (SELECT clock_timestamp() AS started_at) AS run
WHERE subscription.id = ANY(%(pks)s)
  AND service.id = subscription.service_id
  AND plan.id = subscription.plan_id
"""  # noqa: S608  (a constant)

STAMP = f"""
UPDATE services_subscription SET comment = to_char(clock_timestamp() AT TIME ZONE 'UTC', %(format)s)
WHERE id = %(pk)s AND {STAMPABLE}
"""  # noqa: S608  (a constant)


def reprice_rows(pks: Sequence[int]) -> int:
    """Bring locked subscriptions up to date in one statement. Return how many there are."""
    return _execute(REPRICE, pks=list(pks), stamps=settings.RECALCULATION_STAMPS_COMMENT)


@transaction.atomic
def reprice(subscription_id: int) -> bool:
    """Bring one price up to date. Return False if the subscription has been deleted."""
    row = Subscription.objects.select_for_update(no_key=True).filter(pk=subscription_id)
    return bool(row.exists()) and reprice_rows([subscription_id]) == 1


def stamp(subscription_id: int) -> bool:
    """Write the time into the comment, and nothing into any other column.

    Return False if the subscription has been deleted, or a person has written the comment.
    """
    return _execute(STAMP, pk=subscription_id) == 1


def _execute(statement: str, **values: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"format": STAMP_FORMAT, "pattern": STAMP_PATTERN, **values})
        count: int = cursor.rowcount
        return count
