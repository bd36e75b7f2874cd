"""The search of subscriptions: by the beginning of a comment, or by the client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.functional import cached_property

from clients.models import Client
from clients.selectors import matches_client, search_clients

if TYPE_CHECKING:
    from django.db.models import QuerySet

# Clients that a search names by their ids.
MAX_CLIENT_IDS = 5_000


class Search:
    """A text that begins a comment, or that a client matches. The clients are read once, when needed."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.by_comment = Q(comment__istartswith=text)
        found = search_clients(Client.objects.all(), text)
        self.clients = found.order_by().values_list("pk", flat=True)

    @cached_property
    def ids(self) -> list[int] | None:
        """Return the ids of the clients, unless they are too many."""
        return _few(self.clients)

    def other_ids(self) -> list[int] | None:
        """Return the ids of all other clients, unless they are too many."""
        others = Client.objects.order_by().exclude(pk__in=self.clients)
        return _few(others.values_list("pk", flat=True))

    def condition(self) -> Q:
        """Return the condition of a subscription.

        With the ids of a few clients as constants PostgreSQL looks into the indexes of both. With a subquery
        it reads every subscription, which for many clients takes less time.
        """
        return self.by_comment | Q(client__in=self.clients if self.ids is None else self.ids)

    def by_join(self) -> Q:
        """Return the same condition, which for the few subscriptions of one client takes less time."""
        return self.by_comment | matches_client(self.text, "client__")


def _few(clients: QuerySet[Client, int]) -> list[int] | None:
    ids = list(clients[: MAX_CLIENT_IDS + 1])
    return ids if len(ids) <= MAX_CLIENT_IDS else None
