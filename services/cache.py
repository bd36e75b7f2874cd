"""What of the subscriptions is cached: how many there are, and what they come to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings

from api.http_cache import first_miss
from caching import ALL, Cached, CachedFamily
from services import selectors, tally
from services.models import Plan, Subscription

if TYPE_CHECKING:
    from caching import CacheResult

TTL_SECONDS = 3600

# A number, as the source keeps it: the sum of all prices.
price_total = Cached(
    settings.PRICE_CACHE_NAME, ttl=TTL_SECONDS, load=selectors.price_total, invalidated_by={tally.TABLE: ALL}
)
subscription_count = Cached(
    "v1:subscriptions:count",
    ttl=TTL_SECONDS,
    load=selectors.subscription_count,
    invalidated_by={tally.TABLE: ALL},
)
# Count and total of each selection, so that turning its pages adds nothing up again.
selection_totals = CachedFamily(
    "v1:subscriptions:totals",
    ttl=TTL_SECONDS,
    load=selectors.totals,
    invalidated_by={Subscription: ALL, Plan: ALL},
)


class Totals(NamedTuple):
    """How many subscriptions a selection holds, the sum of their prices, and how both were come by."""

    number: int
    amount: float
    result: CacheResult


def totals(selection: dict[str, Any]) -> Totals:
    """What the selection comes to."""
    if not selection:
        count, total = subscription_count.get(), price_total.get()
        return Totals(count.value, total.value, first_miss(count, total))
    result = selection_totals.get(**selection)
    found = result.value
    return Totals(found["count"], found["total_amount"], result)
