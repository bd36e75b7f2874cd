"""Reads: subscriptions as plain data, and what they come to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Count, Sum

from services.cachalot import past_cachalot
from services.models import Subscription

if TYPE_CHECKING:
    from django.db.models import QuerySet


@past_cachalot()
def price_total() -> float:
    """The sum of all prices."""
    return _amount(Subscription.objects.aggregate(total=Sum("price"))["total"])


@past_cachalot()
def totals(**selection: Any) -> dict[str, Any]:
    """How many subscriptions a selection holds, and the sum of their prices."""
    found = select(**selection).aggregate(count=Count("pk"), total=Sum("price"))
    return {"count": found["count"], "total_amount": _amount(found["total"])}


def select(**selection: Any) -> QuerySet[Subscription]:
    return Subscription.objects.filter(**selection)


def _amount(total: Any) -> float:
    return float(total or 0)
