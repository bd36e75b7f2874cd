"""What is cached of the subscriptions: their number and the sum of their prices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings

from api.http_cache import first_miss
from caching import ALL, Cached, CachedFamily, uncached
from services import selectors, subscription_totals
from services.models import Plan, Service, Subscription

if TYPE_CHECKING:
    from caching import CacheResult

TTL_SECONDS = 3600

# A number, as the source keeps it: the sum of all prices.
price_total = Cached(
    settings.PRICE_CACHE_NAME,
    ttl=TTL_SECONDS,
    load=selectors.price_total,
    invalidated_by={subscription_totals.TABLE: ALL},
)
subscription_count = Cached(
    "v1:subscriptions:count",
    ttl=TTL_SECONDS,
    load=selectors.subscription_count,
    invalidated_by={subscription_totals.TABLE: ALL},
)
# Count and total of each selection, so that turning its pages adds nothing up again.
selection_totals = CachedFamily(
    "v1:subscriptions:totals",
    ttl=TTL_SECONDS,
    load=selectors.totals,
    invalidated_by={
        Subscription: ALL,
        Plan: ALL,
        Service: ALL,
        subscription_totals.SOURCE_TABLE: ALL,
    },
)


class Totals(NamedTuple):
    """The number of subscriptions of a selection, the sum of their prices, and how both were read."""

    number: int
    amount: float
    result: CacheResult


def totals(selection: dict[str, Any]) -> Totals:
    """Return the totals of a selection."""
    if not selection:
        count, total = subscription_count.get(), price_total.get()
        return Totals(count.value, total.value, first_miss(count, total))
    if selectors.SEARCH in selection:
        # It also reads clients and users, and each sign-in of a user would invalidate every selection.
        result = uncached(selectors.totals(**selection), "search")
    else:
        result = selection_totals.get(**selection)
    found = result.value
    return Totals(found["count"], found["total_amount"], result)
