"""What of the subscriptions is cached: how many there are, and what they come to."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from caching import Cached, CachedFamily
from services import selectors
from services.models import Plan, Subscription

TTL_SECONDS = 3600

# A number, as the source keeps it: the sum of all prices.
price_total = Cached(
    settings.PRICE_CACHE_NAME, ttl=TTL_SECONDS, load=selectors.price_total, depends_on=[Subscription]
)
subscription_count = Cached(
    "v1:subscriptions:count", ttl=TTL_SECONDS, load=selectors.subscription_count, depends_on=[Subscription]
)
# Count and total of each selection, so that turning its pages adds nothing up again.
selection_totals = CachedFamily(
    "v1:subscriptions:totals", ttl=TTL_SECONDS, load=selectors.totals, depends_on=[Subscription, Plan]
)


def totals(selection: dict[str, Any]) -> tuple[int, float]:
    """How many subscriptions the selection holds, and the sum of their prices."""
    if not selection:
        return subscription_count.get().value, price_total.get().value
    found = selection_totals.get(**selection).value
    return found["count"], found["total_amount"]


def touch_totals() -> None:
    """A subscription has come, gone or changed."""
    price_total.touch()
    subscription_count.touch()
    selection_totals.touch()
