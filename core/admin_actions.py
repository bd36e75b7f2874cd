"""Actions of the admin's lists, which are in the history of the rows that they change."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db import transaction

from core.history import record_action

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.db.models import Model, QuerySet
    from django.http import HttpRequest

    Changing = Callable[[Any, HttpRequest, QuerySet[Any]], Sequence[Model]]
    Action = Callable[[Any, HttpRequest, QuerySet[Any]], None]


def recorded_action(
    text: str, *, description: Any, permissions: Sequence[str]
) -> Callable[[Changing], Action]:
    """Return a decorator for an action that returns the rows which it has changed, of one model.

    What it does and its history are one transaction. An action needs none of this if what it calls records
    what it changes (tests/core/test_admin_actions.py runs every action).

    Args:
        text: what the history of each row says, marked by ``gettext_noop``.
        description: the action's name in the list.
        permissions: of which the user needs one, as for ``admin.action``.
    """

    def decorate(action: Changing) -> Action:
        @admin.action(description=description, permissions=permissions)
        @transaction.atomic
        @wraps(action)
        def run(page: Any, request: HttpRequest, rows: QuerySet[Any]) -> None:
            record_action(request.user, action(page, request, rows), text)

        return run

    return decorate
