"""Usernames and e-mail addresses: one user each, whatever their case and Unicode form.

Two unique indexes on ``auth_user`` (migration 0004) enforce it for every writer: the API, the admin,
``createsuperuser``, SQL. They compare the names by their keys (core/names.py).
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import TextField, Value
from django.utils.translation import gettext_lazy as _
from rest_framework.serializers import ValidationError

from core.names import NameKey, normalize_name

if TYPE_CHECKING:
    from collections.abc import Iterator

TAKEN = {
    "username": _("A user with that username already exists."),
    "email": _("This e-mail address is not available."),
}
# By the names of the unique constraints and indexes.
FIELD_BY_INDEX = {
    "auth_user_username_key": "username",
    "accounts_username_folded": "username",
    "accounts_email_folded": "email",
}


def normalize_address(address: str) -> str:
    """Return the form of an e-mail address that is stored: NFKC, the domain in lower case."""
    return BaseUserManager.normalize_email(normalize_name(address))


def find_user(username: str) -> User | None:
    """Return the user whose name has the same key."""
    users = User.objects.alias(key=NameKey("username"))
    return users.filter(key=NameKey(Value(username, TextField()))).first()


def is_taken(field: str, value: str, *, except_user: int = 0) -> bool:
    """Return whether another user has the name: ``field`` is ``username`` or ``email``."""
    users = User.objects.alias(key=NameKey(field)).exclude(**{field: ""})
    return users.filter(key=NameKey(Value(value, TextField()))).exclude(pk=except_user).exists()


@contextmanager
def name_conflicts() -> Iterator[None]:
    """Turn the violation of a unique index on names into an error of its field.

    Raises:
        ValidationError: another user has the name.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        field = violated_field(error)
        if field is None:
            raise
        raise ValidationError({field: [TAKEN[field]]}) from error


def violated_field(error: IntegrityError) -> str | None:
    """Return ``username`` or ``email`` if another user has it, None for another violation."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return FIELD_BY_INDEX.get(getattr(diagnosis, "constraint_name", None) or "")
