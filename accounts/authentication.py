"""Who makes a request: the holder of a token, or the Telegram user for whom the bot speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rest_framework.authentication import BaseAuthentication
from rest_framework.authentication import TokenAuthentication as AuthorizationHeader
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied

from accounts.bot import NOT_THE_BOT, is_from_bot
from accounts.models import MOST_TELEGRAM_ID, AccessToken, TelegramAccount
from accounts.secret_tokens import hash_token
from api.params import Integer, parse

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest
    from rest_framework.request import Request

USER_HEADER = "X-Telegram-User-Id"
TELEGRAM_ID = Integer(1, MOST_TELEGRAM_ID)


def caller(request: Request | HttpRequest) -> User:
    """The signed-in user, in a view whose permissions let nobody else through."""
    return cast("User", request.user)


class TokenAuthentication(AuthorizationHeader):
    """DRF's ``Authorization: Token …``, by tokens of which we keep no more than hashes."""

    def authenticate_credentials(self, key: str) -> tuple[User, AccessToken]:
        tokens = AccessToken.objects.select_related("user").filter(user__is_active=True)
        token = tokens.filter(token_hash=hash_token(key)).first()
        if token is None:
            raise AuthenticationFailed("This token is not valid: POST auth/token/ gives a new one.")
        return token.user, token


class TelegramAuthentication(BaseAuthentication):
    """The bot speaks for a Telegram user who has linked an account here.

    It names him by ``X-Telegram-User-Id`` and proves itself by its secret header. Without the first
    this class has no opinion.
    """

    credentials_in = "HTTP_X_TELEGRAM_USER_ID"  # api/plain_reads.py looks there

    def authenticate(self, request: Request) -> tuple[User, TelegramAccount] | None:
        """The user and the linked account.

        Raises:
            Problem: 503 while no secret is configured; 400 for what is not a Telegram user's id.
            PermissionDenied: it is not the bot, or nobody has linked this Telegram user.
        """
        claimed = request.headers.get(USER_HEADER)
        if claimed is None:
            return None
        if not is_from_bot(request):
            raise PermissionDenied(NOT_THE_BOT)
        telegram_id = parse({USER_HEADER: claimed}, {USER_HEADER: TELEGRAM_ID})[USER_HEADER]
        accounts = TelegramAccount.objects.select_related("user").filter(user__is_active=True)
        account = accounts.filter(telegram_id=telegram_id).first()
        if account is None:
            raise PermissionDenied("This Telegram account is not linked to a user.")
        return account.user, account
