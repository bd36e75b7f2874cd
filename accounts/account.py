"""A user's account as a whole: everything that is known of it, and its end."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from django.contrib.auth.models import User
from django.db import connection, transaction
from rest_framework.renderers import JSONRenderer

from accounts.passwords import check_password, lock_user
from core import personal_data
from core.history import remove_from_history

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS_AT_ONCE = 2_000
DELETED_NAME = "[deleted user]"


@transaction.atomic
def delete_account(*, user: User, password: str) -> None:
    """Delete the account of a user who knows its password.

    Raises:
        ValidationError: the password is wrong.
        IntegrityError: a row that needs the user was added at this moment (409).
    """
    locked = lock_user(user)
    check_password(locked, password, field="password")
    erase_user(user=locked)


@transaction.atomic
def erase_user(*, user: User) -> None:
    """Delete a user, who is locked, with their personal data (core/personal_data.py).

    Where other rows need the user, as a company's subscriptions do, the user stays without a name, an
    address or a password, and no one can sign in as it.

    Raises:
        IntegrityError: a row that needs the user was added at this moment.
    """
    is_needed = personal_data.erase_rows(user)
    remove_from_history(user, DELETED_NAME)
    if is_needed:
        anonymise(user)
    else:
        user.delete()
    connection.check_constraints()


def anonymise(user: User) -> None:
    """Remove from a user what says who it is, and every right."""
    user.username = f"deleted-{secrets.token_hex(8)}"
    user.first_name = user.last_name = user.email = ""
    user.is_active = user.is_staff = user.is_superuser = False
    user.last_login = None
    user.set_unusable_password()
    user.save()


def export_account(*, user: User) -> Iterator[bytes]:
    """Yield everything that is known of a user as one JSON object, piece by piece."""
    account = User.objects.filter(pk=user.pk).values(*personal_data.columns(User)).first()
    yield b'{"account":' + _json(account)
    for name, rows in personal_data.exported_rows(user):
        yield b"," + _json(name) + b":["
        for number, row in enumerate(rows.iterator(ROWS_AT_ONCE)):
            yield (b"," if number else b"") + _json(row)
        yield b"]"
    yield b"}"


def _json(value: object) -> bytes:
    text: bytes = JSONRenderer().render(value)
    return text
