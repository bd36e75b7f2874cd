"""Writes that are more than one ``save()``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.shortcuts import get_object_or_404

from api.problems.exceptions import Conflict

if TYPE_CHECKING:
    from django.db.models import Model


@transaction.atomic
def delete_unsubscribed(model: type[Model], *, pk: int) -> None:
    """Delete a client, service or plan without subscriptions.

    Django would load every one of them to say that they stand in the way.

    Raises:
        Http404: there is none.
        Conflict: it has subscriptions.
    """
    row: Any = get_object_or_404(model._default_manager.select_for_update(), pk=pk)
    count = row.subscriptions.count()
    if count:
        raise Conflict(
            f"{count} subscriptions need this {model._meta.verbose_name}: delete or move them first."
        )
    row.delete()
