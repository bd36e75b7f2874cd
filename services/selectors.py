"""Reads: which subscriptions a request selects, a page of them, and their totals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import F, Q

from services import subscription_totals
from services.cachalot import past_cachalot
from services.models import Service, Subscription
from services.recalculation import pending_sources
from services.search import Search
from services.subscription_totals import SubscriptionTotals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import QuerySet


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

# The database keeps the totals of what these select.
KEPT = frozenset(subscription_totals.NAMES)

# Services that a page by price names by their ids.
MAX_SERVICE_IDS = 100

ORDERS = ("id", "client", "service", "plan", "price", "comment")
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
        search: Search = selection[SEARCH]
        found = found.filter(search.by_join() if few else search.condition())
    if PRICE_STATUS in selection:
        pending = _is_pending_by_join() if few else is_pending()
        found = found.filter(pending if selection[PRICE_STATUS] == "pending" else ~pending)
    return found


def is_pending() -> Q:
    """Return the condition that a price has not yet followed its service or plan. Reads which have changed.

    With these as constants PostgreSQL looks into the index of each; for a join it reads every subscription.
    """
    pending = Q(pk__in=[])
    for source in pending_sources():
        pending |= Q(**source.behind())
    return pending


def _is_pending_by_join() -> Q:
    return Q(service_revision__lt=F("service__revision")) | Q(plan_revision__lt=F("plan__revision"))


def subscription_page(
    selected: QuerySet[Subscription], selection: Mapping[str, Any], *, order: str, first: int, size: int
) -> QuerySet[Subscription]:
    """Return ``size`` of the subscriptions of a selection, ``selected``, from the ``first`` on, from 0."""
    if order in {"price", "-price"} and KEPT.issuperset(selection):
        selected, first = at_prices(selected, selection, order=order, first=first, size=size)
    direction = "-" if order.startswith("-") else ""
    ordering = dict.fromkeys([order, f"{direction}id"])  # equal ones by id
    # Only the ids are skipped over, which an index holds; the rows of the page alone are joined.
    ids = selected.order_by(*ordering).values("pk")[first : first + size]
    return shown_subscriptions().filter(pk__in=ids).order_by(*ordering)


def at_prices(
    selected: QuerySet[Subscription], selection: Mapping[str, Any], *, order: str, first: int, size: int
) -> tuple[QuerySet[Subscription], int]:
    """Return the rows at the prices that a page of an order by price shows, and the place of its first.

    The kept totals tell how many subscriptions there are at each price. So nothing sorts them all, and no
    index has to hold the prices.
    """
    levels = subscription_totals.read_levels(
        selection, first=first, stop=first + size, descending=order.startswith("-")
    )
    if levels is None:
        return selected.none(), 0
    if levels.lowest == levels.highest:
        rows = selected.filter(price=levels.lowest)
    else:
        rows = selected.filter(price__gte=levels.lowest, price__lte=levels.highest)
    if len(levels.services) <= MAX_SERVICE_IDS:
        rows = rows.filter(service__in=levels.services)
    return rows, first - levels.before


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
    rest = {name: value for name, value in selection.items() if name != SEARCH}
    if KEPT.issuperset(selection):
        found = subscription_totals.read_of(**selection)
    elif KEPT.issuperset(rest):
        found = _totals_of_search(selection[SEARCH], rest)
    else:
        found = subscription_totals.add_up(select_subscriptions(selection))
    return {"count": found.number, "total_amount": float(found.amount)}


def _totals_of_search(search: Search, rest: Mapping[str, Any]) -> SubscriptionTotals:
    """Return the totals of a search in a selection of which the totals are kept.

    The subscriptions of a few clients are counted in an index; if these are almost all, those of the others.
    """
    rows = select_subscriptions(rest)
    if search.ids is not None:
        by_client = rows.filter(client__in=search.ids)
        by_comment = rows.filter(search.by_comment).exclude(client__in=search.ids)
        return subscription_totals.add_up(by_client, by_comment)
    if (others := search.other_ids()) is None:
        return subscription_totals.add_up(rows.filter(search.condition()))
    every = subscription_totals.read_of(**rest)
    without = subscription_totals.add_up(rows.filter(client__in=others).exclude(search.by_comment))
    return SubscriptionTotals(every.number - without.number, every.amount - without.amount)
