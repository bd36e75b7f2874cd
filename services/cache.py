"""What of the subscriptions is cached: what they come to."""

from __future__ import annotations

from django.conf import settings

from caching import Cached, CachedFamily
from services import selectors
from services.models import Plan, Subscription

TOTAL_TTL_SECONDS = 3600

# A number, as the source keeps it: all prices, whatever is filtered and whoever asks.
price_total = Cached(
    settings.PRICE_CACHE_NAME,
    ttl=TOTAL_TTL_SECONDS,
    load=selectors.price_total,
    depends_on=[Subscription],
)
# Count and total of every selection, so that turning its pages adds nothing up again.
totals = CachedFamily(
    "v1:subscriptions:totals",
    ttl=TOTAL_TTL_SECONDS,
    load=selectors.totals,
    depends_on=[Subscription, Plan],
)
