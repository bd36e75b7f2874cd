"""The history of a row in the admin: changes by the API are recorded as the admin records its own.

The mixins of ``api.viewsets`` record what they write; every other write, such as that of an ``@action``,
records itself, in its transaction (tests/api/test_examples.py asks every operation).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.core.exceptions import FieldDoesNotExist
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from django.contrib.auth.models import AnonymousUser, User
    from django.db.models import Model


def record_addition(user: User | AnonymousUser, *rows: Model) -> None:
    """Record, in the open transaction, that a user added rows of one model."""
    _record(user, rows, ADDITION, [{"added": {}}])


def record_change(user: User | AnonymousUser, row: Model, names: Iterable[str]) -> None:
    """Record that a user changed the fields of these names."""
    record_changes(user, {row: names})


def record_changes(user: User | AnonymousUser, changes: Mapping[Any, Iterable[str]]) -> None:
    """Record which fields of rows of one model a user changed, in one statement for each set of fields."""
    by_message: dict[tuple[str, ...], list[Model]] = {}
    for row, names in changes.items():
        by_message.setdefault(tuple(_label(row, name) for name in names), []).append(row)
    for labels, rows in by_message.items():
        _record(user, rows, CHANGE, [{"changed": {"fields": list(labels)}}])


def record_deletion(user: User | AnonymousUser, row: Model) -> None:
    """Record that a user deletes a row, which must still be there."""
    _record(user, [row], DELETION, "")


def record_action(user: User | AnonymousUser, rows: Sequence[Model], text: str) -> None:
    """Record what a user did to rows of one model, in words that ``message_of`` translates."""
    _record(user, rows, CHANGE, text)


def message_of(entry: LogEntry) -> str:
    """Return what an entry says, in the reader's language."""
    return gettext(entry.get_change_message())


def _record(user: User | AnonymousUser, rows: Sequence[Model], flag: int, message: list[Any] | str) -> None:
    if user.pk is not None and rows:
        entries: Any = LogEntry.objects
        entries.log_actions(user.pk, rows, flag, message)


def _label(row: Model, name: str) -> str:
    """Return the name of a field as the admin's forms have it; of rows that refer to this one, theirs."""
    try:
        field: Any = row._meta.get_field(name)
    except FieldDoesNotExist:
        return name
    other = field.related_model._meta.verbose_name_plural if field.one_to_many else None
    return capfirst(str(other or field.verbose_name))


def delete_old_entries() -> None:
    """Delete the entries that are older than HISTORY_RETENTION_DAYS."""
    oldest = timezone.now() - timedelta(days=settings.HISTORY_RETENTION_DAYS)
    LogEntry.objects.filter(action_time__lt=oldest).delete()
