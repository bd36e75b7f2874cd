"""Writes that are more than one ``save()``: tokens given out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.models import AccessToken
from core.secret_tokens import hash_token, new_token

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def issue_access_token(*, user: User) -> str:
    """A new token for the ``Authorization`` header. It cannot be shown again."""
    token = new_token()
    AccessToken.objects.create(user=user, token_hash=hash_token(token))
    return token
