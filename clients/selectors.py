"""Which clients, and what of them, a user may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.core.exceptions import PermissionDenied

from clients.models import Client

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User
    from django.db.models import Model


def sees_all(user: User | AnonymousUser, model: type[Model]) -> bool:
    """Whether the user is staff and has the model's view permission."""
    meta = model._meta
    return user.is_staff and user.has_perm(f"{meta.app_label}.view_{meta.model_name}")


def seen_through(user: User | AnonymousUser, model: type[Model]) -> int | None:
    """The client whose rows of the model are all that the user sees; None if he sees everybody's.

    Raises:
        PermissionDenied: he is neither a client's user nor staff who may.
    """
    if sees_all(user, model):
        return None
    own = Client.objects.filter(user=cast("User", user)).values_list("pk", flat=True).first()
    if own is None:
        raise PermissionDenied("Only for staff with the view permission, and for a client's own user.")
    return own
