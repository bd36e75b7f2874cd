"""What a subscription costs: the statements that apply the formula.

The formula itself is the database's ``services_price`` (migrations/0002_prices.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection, transaction

from services.models import Subscription

if TYPE_CHECKING:
    from collections.abc import Sequence

# The caller holds the rows. Begun after they were locked, the statement sees every committed change
# of a service or plan that a price written before it was made of.
REPRICE = """
UPDATE services_subscription AS subscription
SET price = services_price(service.full_price, plan.discount_percent),
    service_revision = service.revision,
    plan_revision = plan.revision,
    priced_at = clock_timestamp()
FROM services_service AS service, services_plan AS plan
WHERE subscription.id = ANY(%s)
  AND service.id = subscription.service_id
  AND plan.id = subscription.plan_id
"""


def reprice_rows(pks: Sequence[int]) -> int:
    """Bring locked subscriptions up to date in one statement; how many there are."""
    with connection.cursor() as cursor:
        cursor.execute(REPRICE, [list(pks)])
        count: int = cursor.rowcount
        return count


@transaction.atomic
def reprice(subscription_id: int) -> bool:
    """Bring one price up to date; False if the subscription has been deleted."""
    row = Subscription.objects.select_for_update(no_key=True).filter(pk=subscription_id)
    return bool(row.exists()) and reprice_rows([subscription_id]) == 1
