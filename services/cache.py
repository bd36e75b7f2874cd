"""What of the subscriptions is cached: how many there are, and what they come to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings

from api.readings import first_miss
from caching import Cached, CachedFamily
from services import selectors
from services.models import Plan, Subscription

if TYPE_CHECKING:
    from caching import Reading

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


class Totals(NamedTuple):
    """How many subscriptions a selection holds, the sum of their prices, and how both were come by."""

    number: int
    amount: float
    reading: Reading


def totals(selection: dict[str, Any]) -> Totals:
    """What the selection comes to."""
    if not selection:
        count, total = subscription_count.get(), price_total.get()
        return Totals(count.value, total.value, first_miss(count, total))
    reading = selection_totals.get(**selection)
    found = reading.value
    return Totals(found["count"], found["total_amount"], reading)


def touch_totals() -> None:
    """A subscription has come, gone or changed."""
    price_total.touch()
    subscription_count.touch()
    selection_totals.touch()
