"""The history of a row in the admin: changes by the API are recorded as the admin records its own.

The mixins of ``api.viewsets`` record what they write; every other write, such as that of an ``@action``,
records itself, in its transaction (tests/api/test_examples.py asks every operation).
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import FieldDoesNotExist
from django.utils import timezone, translation
from django.utils.text import capfirst
from django.utils.translation import gettext

from core.personal_data import keys_to, models_of_users

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


def remove_from_history(user: User, replacement: str) -> None:
    """Replace the names of a user in the entries of others; the user's own go with the account.

    An entry about the user is found by its id; one about a row of the user, such as an enrollment, by the
    user's names, because the row may have been deleted long ago. Entries about rows that do not belong to
    users stay as they are, whatever words they have in common with a name.
    """
    by_id = [type(user), *(key.model for key in keys_to(type(user)) if key.primary_key)]
    entries = LogEntry.objects.filter(content_type__in=_types(by_id), object_id=str(user.pk))
    entries.update(object_repr=replacement)
    names = [name for name in (user.username, user.email) if name]
    owned = models_of_users()
    pattern = _pattern(names)
    for entry in LogEntry.objects.filter(content_type__in=_types(owned), object_repr__regex=pattern):
        entry.object_repr = re.sub(pattern, replacement, entry.object_repr)
        entry.save(update_fields=["object_repr"])
    in_json = _pattern([json.dumps(name)[1:-1] for name in names])
    for entry in LogEntry.objects.filter(change_message__startswith="[{", change_message__regex=in_json):
        _remove_from_message(entry, pattern, replacement, owned)


def _remove_from_message(entry: LogEntry, pattern: str, replacement: str, models: Iterable[Any]) -> None:
    """Replace names where a message names rows of users, which were changed with the entry's row."""
    with translation.override(None):  # as messages are written
        kinds = {str(model._meta.verbose_name) for model in models}
    message = json.loads(entry.change_message)
    for change in (value for part in message for value in part.values() if value.get("name") in kinds):
        change["object"] = re.sub(pattern, replacement, change["object"])
    entry.change_message = json.dumps(message)
    entry.save(update_fields=["change_message"])


def _pattern(names: Iterable[str]) -> str:
    """Return the names as whole words, in the syntax of PostgreSQL and of Python."""
    found = "|".join(map(re.escape, names))
    return rf"(?<![\w.@+-])(?:{found})(?![\w.@+-])"


def _types(models: Iterable[Any]) -> list[ContentType]:
    return list(ContentType.objects.get_for_models(*models).values())


def delete_old_entries() -> None:
    """Delete the entries that are older than HISTORY_RETENTION_DAYS."""
    oldest = timezone.now() - timedelta(days=settings.HISTORY_RETENTION_DAYS)
    LogEntry.objects.filter(action_time__lt=oldest).delete()
