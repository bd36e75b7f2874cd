"""Requests that our Telegram bot makes for a user who has linked an account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import PermissionDenied

from api.params import Integer, parse
from messaging.models import MAX_TELEGRAM_ID, TelegramAccount
from messaging.telegram.bot import NOT_THE_BOT, is_from_bot

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from rest_framework.request import Request

USER_HEADER = "X-Telegram-User-Id"
TELEGRAM_ID = Integer(1, MAX_TELEGRAM_ID)


class TelegramAuthentication(BaseAuthentication):
    """Authenticate the bot as the Telegram user on whose behalf it acts.

    It names the user by ``X-Telegram-User-Id`` and proves itself by its secret header. Without the first
    this class has no opinion.
    """

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
