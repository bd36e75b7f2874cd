"""What every test of convergence asks in the end."""

from __future__ import annotations

from services.models import Subscription
from tests.services.formula import price_of


def wrong_prices() -> list[tuple[int, object, object]]:
    """Subscriptions whose price is not what the formula says, or that do not say they are current."""
    rows = Subscription.objects.select_related("service", "plan")
    return [
        (row.pk, row.price, row.price_status)
        for row in rows
        if row.price != price_of(row.service.full_price, row.plan.discount_percent)
        or row.price_status != "current"
    ]
