"""Writes that are more than one ``save()``: users and their tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import User
from django.db import transaction

from accounts.models import AccessToken
from accounts.names import name_conflicts
from accounts.verification import send_verification
from core.secret_tokens import hash_token, new_token

if TYPE_CHECKING:
    from collections.abc import Mapping


def issue_access_token(*, user: User) -> str:
    """Return a new token for the ``Authorization`` header. It cannot be shown again."""
    token = new_token()
    auth_hash = user.get_session_auth_hash()
    AccessToken.objects.create(user=user, token_hash=hash_token(token), auth_hash=auth_hash)
    return token


@transaction.atomic
def register_user(*, values: Mapping[str, Any], language: str) -> User:
    """Create a user and send a link that verifies the e-mail.

    Raises:
        ValidationError: another user has the name or the address, perhaps since it was validated.
    """
    with name_conflicts():
        user = User.objects.create_user(**values)
    send_verification(user=user, language=language)
    return user
