"""Authentication by token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.authentication import TokenAuthentication as AuthorizationHeader
from rest_framework.exceptions import AuthenticationFailed

from accounts.models import AccessToken
from core.secret_tokens import hash_token

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class TokenAuthentication(AuthorizationHeader):
    """DRF's ``Authorization: Token …``, with tokens that are stored as hashes and expire."""

    def authenticate_credentials(self, key: str) -> tuple[User, AccessToken]:
        """Return the user of a token, by one query.

        Raises:
            AuthenticationFailed: the token is unknown, expired or ended, or its user is not active.
        """
        tokens = AccessToken.objects.select_related("user")
        token = tokens.filter(token_hash=hash_token(key)).first()
        if token is None or not token.is_valid:
            raise AuthenticationFailed("This token is not valid: POST auth/token/ gives a new one.")
        return token.user, token
