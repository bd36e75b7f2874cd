"""The history of a row in the admin: changes by the API are recorded as the admin records its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.core.exceptions import FieldDoesNotExist
from django.utils.text import capfirst

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.contrib.auth.models import AnonymousUser, User
    from django.db.models import Model


def record_addition(user: User | AnonymousUser, row: Model) -> None:
    """Record, in the open transaction, that a user added a row."""
    _record(user, row, ADDITION, [{"added": {}}])


def record_change(user: User | AnonymousUser, row: Model, names: Iterable[str]) -> None:
    """Record that a user changed the fields of these names."""
    _record(user, row, CHANGE, [{"changed": {"fields": [_label(row, name) for name in names]}}])


def record_deletion(user: User | AnonymousUser, row: Model) -> None:
    """Record that a user deletes a row, which must still be there."""
    _record(user, row, DELETION, "")


def _record(user: User | AnonymousUser, row: Model, flag: int, message: list[Any] | str) -> None:
    if user.pk is not None:
        entries: Any = LogEntry.objects
        entries.log_actions(user.pk, [row], flag, message, single_object=True)


def _label(row: Model, name: str) -> str:
    """Return the name of a field as the admin's forms have it."""
    try:
        field: Any = row._meta.get_field(name)
    except FieldDoesNotExist:
        return name
    return capfirst(str(field.verbose_name))
