"""Which clients a user may see, and which ones a search finds."""

from __future__ import annotations

from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, cast

from django.core.exceptions import PermissionDenied
from django.db.models import Q

from clients.models import Client

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User
    from django.db.models import Model, QuerySet


def can_view_all(user: User | AnonymousUser, model: type[Model]) -> bool:
    """Return whether the user is staff and has the model's view permission."""
    meta = model._meta
    return user.is_staff and user.has_perm(f"{meta.app_label}.view_{meta.model_name}")


def visible_client_id(user: User | AnonymousUser, model: type[Model]) -> int | None:
    """Return the client whose rows of the model are all that the user may see; None for every client's.

    Raises:
        PermissionDenied: the user is neither a client's user nor staff with the view permission.
    """
    if can_view_all(user, model):
        return None
    own = Client.objects.filter(user=cast("User", user)).values_list("pk", flat=True).first()
    if own is None:
        raise PermissionDenied("Only for staff with the view permission, and for a client's own user.")
    return own


def require_visible(user: User | AnonymousUser, model: type[Model], client_id: int) -> None:
    """Check that the user may see the client's rows of the model, and so may be answered with one.

    Raises:
        PermissionDenied: no.
    """
    if visible_client_id(user, model) not in {None, client_id}:
        raise PermissionDenied("You may write only what you may see: your own.")


def search_clients(clients: QuerySet[Client], text: str) -> QuerySet[Client]:
    """Return the clients whose company name or e-mail address contains every word of a text."""
    return clients.filter(matches_client(text)) if text.split() else clients


def matches_client(text: str, path: str = "") -> Q:
    """Return the condition of ``search_clients`` for the client at the end of a path."""
    words = [
        Q(**{f"{path}company_name__icontains": word}) | Q(**{f"{path}user__email__icontains": word})
        for word in text.split()
    ]
    return reduce(and_, words)
