"""What a subscription costs: the formula, and the statement that applies it.

The formula stands twice, here and in the database's ``services_price`` (migrations/0002_prices.py);
tests/services/test_pricing.py holds the two together.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

from django.db import connection, transaction

from services.models import Subscription

if TYPE_CHECKING:
    from collections.abc import Sequence

CENT = Decimal("0.01")

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


def price_of(full_price: Decimal, discount_percent: int) -> Decimal:
    """``full_price`` less the discount, in cents, half up."""
    exact = full_price - full_price * discount_percent / 100
    return exact.quantize(CENT, ROUND_HALF_UP)


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
