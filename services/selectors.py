"""Reads: subscriptions as plain data, and what they come to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Count, F, Sum

from api.moments import moment_text
from services import tally
from services.cachalot import past_cachalot
from services.models import Subscription, price_status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import QuerySet

# What a selection may be made by, and the look-up behind it. ``owner`` is the client that is all its
# user sees, beside ``client``, which anybody may ask for.
LOOKUPS = {
    "owner": "client",
    "client": "client",
    "service": "service",
    "plan": "plan",
    "plan_type": "plan__plan_type",
    "comment": "comment",
    "region": "region",
    "channel": "channel",
    "price_min": "price__gte",
    "price_max": "price__lte",
}


def selected(**selection: Any) -> QuerySet[Subscription]:
    """The subscriptions that all of the selection's members (``LOOKUPS``) allow."""
    found = Subscription.objects.all()
    for name, value in selection.items():
        found = found.filter(**{LOOKUPS[name]: value})
    return found


def subscription_rows(subscriptions: QuerySet[Subscription]) -> list[dict[str, Any]]:
    """Subscriptions as the API gives them, by id, in one statement."""
    rows = subscriptions.order_by("pk").values(
        "id",
        "plan_id",
        "service_id",
        "price",
        "priced_at",
        "service_revision",
        "plan_revision",
        "comment",
        "region",
        "channel",
        client_name=F("client__company_name"),
        email=F("client__user__email"),
        plan_type=F("plan__plan_type"),
        discount_percent=F("plan__discount_percent"),
        plan_revision_now=F("plan__revision"),
        service_name=F("service__name"),
        full_price=F("service__full_price"),
        service_revision_now=F("service__revision"),
    )
    return [_plain(row) for row in rows]


def subscription_page(selection: dict[str, Any], *, first: int, size: int) -> list[dict[str, Any]]:
    """``size`` of the selected subscriptions from the ``first`` on, counted from 0."""
    # Only the ids are skipped over, which an index holds; the rows of the page alone are joined.
    ids = selected(**selection).order_by("pk").values("pk")[first : first + size]
    return subscription_rows(Subscription.objects.filter(pk__in=ids))


def subscription_count() -> int:
    """How many subscriptions there are."""
    return tally.read().number


def price_total() -> float:
    """The sum of all prices."""
    return _number(tally.read().amount)


@past_cachalot()
def totals(**selection: Any) -> dict[str, Any]:
    """How many subscriptions a selection holds, and the sum of their prices."""
    found = selected(**selection).aggregate(count=Count("pk"), total=Sum("price"))
    return {"count": found["count"], "total_amount": _number(found["total"])}


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "plan_id": row["plan_id"],
        "client_name": row["client_name"],
        "email": row["email"],
        "plan": {
            "id": row["plan_id"],
            "plan_type": row["plan_type"],
            "discount_percent": row["discount_percent"],
        },
        "service": {
            "id": row["service_id"],
            "name": row["service_name"],
            "full_price": _number(row["full_price"]),
        },
        "price": _number(row["price"]),
        "price_status": price_status(
            row["service_revision"],
            row["plan_revision"],
            row["service_revision_now"],
            row["plan_revision_now"],
        ),
        "priced_at": moment_text(row["priced_at"]),
        "comment": row["comment"],
        "region": row["region"],
        "channel": row["channel"],
    }


def _number(amount: Any) -> float:
    """Money as JSON has it; nothing is 0."""
    return float(amount or 0)
