"""Which rows concern a user, and what becomes of them with the account.

The foreign keys to the user say it, so an app that adds one is covered without a word more:

=================  ====================================  ===============================================
``on_delete``      ``GET me/export/``                    ``DELETE me/``
=================  ====================================  ===============================================
CASCADE            the row, and the rows that refer to   the row is deleted
                   it
SET_NULL           the row                               the row stays, without the user
any other          the row, and the rows that refer to   an app names the key by ``keep``: the row stays,
                   it                                    and so does the user, without personal data
=================  ====================================  ===============================================

A check of Django's (core.E001) and tests/core/test_personal_data.py refuse a key that no rule covers. What
a rule cannot express, such as handing a row over to another user, is a function under ``before_erasure``.
The admin deletes users in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from django.contrib.auth import get_user_model
from django.core.checks import Error, register
from django.db.models import CASCADE, SET_NULL, F, ForeignKey
from django.utils.translation import gettext

from core.names import NameField

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import Field, Model, QuerySet

    Key = ForeignKey[Any, Any]

SECRET = re.compile(r"hash|password|secret|session_")  # in the names of columns that are never exported
_kept: set[str] = set()
_steps: list[ErasureStep] = []


class ErasureStep(NamedTuple):
    """What an app does before the rows of a user are deleted, and what yields lines that describe it."""

    act: Callable[[User], None]
    describe: Callable[[User], Iterator[str]]


class ExportedRows(NamedTuple):
    """Rows of one model that concern the user, as ``name`` says: ``tasks.task.task_list.owner``."""

    name: str
    rows: QuerySet[Any, dict[str, Any]]


def keep(*keys: str) -> None:
    """Let rows outlast the account, such as ``clients.Client.user``: their user becomes anonymous."""
    _kept.update(keys)


def before_erasure(
    *, describe: Callable[[User], Iterator[str]]
) -> Callable[[Callable[[User], None]], Callable[[User], None]]:
    """Return a decorator: its function is called in the transaction of a deletion, before rows are deleted.

    ``describe`` yields what it will do, for the page that asks staff for confirmation.
    """

    def register(act: Callable[[User], None]) -> Callable[[User], None]:
        _steps.append(ErasureStep(act, describe))
        return act

    return register


def erase_rows(user: User) -> bool:
    """Delete the user's rows and unlink the others. Return whether any are kept, which need the user.

    The user is locked.
    """
    for step in _steps:
        step.act(user)
    is_needed = False
    for key in keys_to(get_user_model()):
        rows = key.model._base_manager.filter(**{key.name: user})
        match key.remote_field.on_delete:
            case on_delete if on_delete is CASCADE:
                rows.delete()
            case on_delete if on_delete is SET_NULL:
                rows.update(**{key.name: None})
            case _:
                is_needed = is_needed or rows.exists()
    return is_needed


def describe_erasure(user: User) -> Iterator[str]:
    """Yield what ``erase_rows`` and the end of the account will do, in the reader's language."""
    for step in _steps:
        yield from step.describe(user)
    for key in keys_to(get_user_model()):
        if label_of(key) in _kept and (count := key.model._base_manager.filter(**{key.name: user}).count()):
            text = gettext("Stays, with this user, who loses name, address, password and rights: %(rows)s")
            yield text % {"rows": f"{count} {key.model._meta.verbose_name_plural}"}
    yield gettext("Other rows of the user are deleted; those that others use stay without the user.")


def exported_rows(user: User) -> Iterator[ExportedRows]:
    """Yield the rows that concern the user, model by model, as dictionaries without secrets."""
    for model, path in _paths(get_user_model(), "", ()):
        rows = model._base_manager.filter(**{path: user}).order_by("pk")
        name = f"{model._meta.label_lower}.{path.replace('__', '.')}"
        yield ExportedRows(name, rows.values(*columns(model), **_names(model)))


def columns(model: type[Model]) -> list[str]:
    """Return the columns of a model that may be exported."""
    return [field.attname for field in model._meta.concrete_fields if not SECRET.search(field.attname)]


def keys_to(model: type[Model]) -> list[Key]:
    """Return the foreign keys to a model, those of many-to-many tables among them."""
    relations: list[Any] = model._meta.get_fields(include_hidden=True)
    return [one.field for one in relations if one.auto_created and (one.one_to_many or one.one_to_one)]


def models_of_users() -> set[type[Model]]:
    """Return the models whose rows are deleted with a user, or with a row that is.

    Tables of many-to-many fields are not among them.
    """
    found: set[type[Model]] = set()
    new: set[type[Model]] = {get_user_model()}
    while new:
        keys = [key for model in new for key in keys_to(model) if key.remote_field.on_delete is CASCADE]
        new = {key.model for key in keys} - found
        found |= new
    return {model for model in found if not model._meta.auto_created}


def label_of(key: Key) -> str:
    """Return the name by which ``keep`` knows a key."""
    return f"{key.model._meta.label}.{key.name}"


def uncovered_keys() -> list[str]:
    """Return the keys to users that no rule covers, each with what to do."""
    return [
        f"{label_of(key)}: a user cannot be deleted while such a row exists. Choose on_delete=CASCADE (the "
        "row is deleted with the account) or SET_NULL (it stays without the user). If it must keep its user, "
        f'call core.personal_data.keep("{label_of(key)}") in the ready() of its AppConfig.'
        for key in keys_to(get_user_model())
        if key.remote_field.on_delete not in {CASCADE, SET_NULL} and label_of(key) not in _kept
    ]


@register
def check_keys_to_users(**_: object) -> list[Error]:
    """Return an error for each key to users that no rule covers."""
    return [Error(text, id="core.E001") for text in uncovered_keys()]


def _paths(
    model: type[Model], path: str, passed: tuple[type[Model], ...]
) -> Iterator[tuple[type[Model], str]]:
    """Yield the models that refer to ``model``, and so on, each with the look-up that leads back."""
    for key in keys_to(model):
        if key.model in passed:
            continue
        lookup = f"{key.name}__{path}" if path else key.name
        yield key.model, lookup
        if key.remote_field.on_delete is not SET_NULL:
            yield from _paths(key.model, lookup, (*passed, key.model))


def _names(model: type[Model]) -> dict[str, F]:
    """Return the names of the rows that a row refers to: ids alone say little to a reader."""
    found: dict[str, F] = {}
    for field in model._meta.concrete_fields:
        if isinstance(field, ForeignKey):
            name = _name_field(field.related_model)
            found |= {f"{field.name}_{name.name}": F(f"{field.name}__{name.name}")} if name else {}
    return found


def _name_field(model: Any) -> Field[Any, Any] | None:
    return next((field for field in model._meta.concrete_fields if isinstance(field, NameField)), None)
