"""Reads: which subscriptions a request selects, a page of them, and their totals."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import Count, F, Q, Sum

from clients.models import Client
from clients.selectors import matches_client, search_clients
from services import subscription_totals
from services.cachalot import past_cachalot
from services.models import Service, Subscription
from services.recalculation import pending_sources
from services.subscription_totals import SubscriptionTotals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.db.models import QuerySet

    from services.recalculation import Source

# Filters by equality or range, and the look-up of each. ``owner`` is the client that is all its user
# may see, beside ``client``, which every caller may filter by.
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
# The other two.
PRICE_STATUS, SEARCH = "price_status", "search"

# The database keeps the totals of what these select: subscription_totals. Those of a service and plan also
# tell what their subscriptions cost, as all with current prices cost the same.
KEPT = frozenset({"service", "plan", "plan_type"})
BY_PRICE = frozenset({"price_min", "price_max", PRICE_STATUS})

# Clients that a search names by their ids.
MAX_CLIENT_IDS = 1_000

ORDERS = ("id", "client", "service", "plan", "price", "priced_at", "comment")
DEFAULT_ORDER = "id"


def shown_subscriptions() -> QuerySet[Subscription]:
    """Return all subscriptions with the rows beside each that the API shows, in one statement."""
    return Subscription.objects.select_related("client__user", "service", "plan")


def select_subscriptions(selection: Mapping[str, Any]) -> QuerySet[Subscription]:
    """Return the subscriptions that match every filter of a selection.

    A search and a price status each read first what makes their condition one that indexes answer, except
    for the subscriptions of one client, which are few.
    """
    found = Subscription.objects.filter(
        **{LOOKUPS[name]: value for name, value in selection.items() if name in LOOKUPS}
    )
    few = "owner" in selection or "client" in selection
    if SEARCH in selection:
        text = selection[SEARCH]
        found = found.filter((_matches_by_join if few else matches)(text))
    if PRICE_STATUS in selection:
        pending = _is_pending_by_join() if few else is_pending()
        found = found.filter(pending if selection[PRICE_STATUS] == "pending" else ~pending)
    return found


def matches(text: str) -> Q:
    """Return the condition that a client, or the beginning of a comment, matches a text. Reads the clients.

    With the ids of a few clients as constants PostgreSQL looks into the indexes of both. With a subquery
    it reads every subscription, which for many clients takes less time.
    """
    clients = search_clients(Client.objects.all(), text).order_by().values_list("pk", flat=True)
    ids = list(clients[: MAX_CLIENT_IDS + 1])
    return Q(comment__istartswith=text) | Q(client__in=ids if len(ids) <= MAX_CLIENT_IDS else clients)


def _matches_by_join(text: str) -> Q:
    return Q(comment__istartswith=text) | matches_client(text, "client__")


def is_pending(sources: Sequence[Source] | None = None) -> Q:
    """Return the condition that a price has not yet followed its service or plan, one of the ``sources``.

    It reads these if they are not given. With them as constants PostgreSQL looks into the index of each; for
    a join it reads every subscription.
    """
    pending = Q(pk__in=[])
    for source in pending_sources() if sources is None else sources:
        pending |= Q(**source.behind())
    return pending


def _is_pending_by_join() -> Q:
    return Q(service_revision__lt=F("service__revision")) | Q(plan_revision__lt=F("plan__revision"))


def subscription_page(
    selected: QuerySet[Subscription], *, order: str, first: int, size: int
) -> QuerySet[Subscription]:
    """Return ``size`` of the selected subscriptions from the ``first`` on, counted from 0."""
    direction = "-" if order.startswith("-") else ""
    ordering = dict.fromkeys([order, f"{direction}id"])  # equal ones by id
    # Only the ids are skipped over, which an index holds; the rows of the page alone are joined.
    ids = selected.order_by(*ordering).values("pk")[first : first + size]
    return shown_subscriptions().filter(pk__in=ids).order_by(*ordering)


def search_services(services: QuerySet[Service], text: str) -> QuerySet[Service]:
    """Return the services whose name contains every word of a text."""
    for word in text.split():
        services = services.filter(name__icontains=word)
    return services


def subscription_count() -> int:
    """Return the number of subscriptions."""
    return subscription_totals.read().number


def price_total() -> float:
    """Return the sum of all prices."""
    return float(subscription_totals.read().amount)


@past_cachalot()
def totals(**selection: Any) -> dict[str, Any]:
    """Return the number of the subscriptions of a selection, and the sum of their prices."""
    if not (KEPT | BY_PRICE).issuperset(selection):
        return totals_of(select_subscriptions(selection))
    if not BY_PRICE.isdisjoint(selection):
        return _totals_by_price(**selection)
    number, amount = subscription_totals.read_of(**selection)
    return {"count": number, "total_amount": float(amount)}


def _totals_by_price(price_status: str | None = None, **selection: Any) -> dict[str, Any]:
    """Return the totals by the kept ones; of services and plans with pending prices by reading their rows."""
    sources = pending_sources()
    found = SubscriptionTotals(0, Decimal(0))
    if price_status != "pending":
        changed = {kind: [one.pk for one in sources if one.kind == kind] for kind in ("service", "plan")}
        without = {"without_services": changed["service"], "without_plans": changed["plan"]}
        found = subscription_totals.read_of(**selection, **without)
    if sources:
        rows, pending = select_subscriptions(selection), is_pending(sources)
        if price_status != "pending":
            rows = rows.filter(Q(service__in=changed["service"]) | Q(plan__in=changed["plan"]))
        if price_status is not None:
            rows = rows.filter(pending if price_status == "pending" else ~pending)
        rest = _add_up(rows)
        found = SubscriptionTotals(found.number + rest.number, found.amount + rest.amount)
    return {"count": found.number, "total_amount": float(found.amount)}


def totals_of(selected: QuerySet[Subscription]) -> dict[str, Any]:
    """Return the number of the selected subscriptions, and the sum of their prices."""
    number, amount = _add_up(selected)
    return {"count": number, "total_amount": float(amount)}


def _add_up(selected: QuerySet[Subscription]) -> SubscriptionTotals:
    found = selected.aggregate(count=Count("pk"), total=Sum("price"))
    return SubscriptionTotals(found["count"], found["total"] or Decimal(0))
