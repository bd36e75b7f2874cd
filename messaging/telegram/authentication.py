"""Requests that the Telegram bot makes for a user who has linked an account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import PermissionDenied

from api.fields import WHOLE
from api.problems.exceptions import Problem
from messaging.models import MAX_TELEGRAM_ID, TelegramAccount
from messaging.telegram.bot import NOT_THE_BOT, is_from_bot

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from rest_framework.request import Request

USER_HEADER = "X-Telegram-User-Id"


class TelegramAuthentication(BaseAuthentication):
    """Authenticate the bot as the Telegram user on whose behalf it acts.

    It names the user by ``X-Telegram-User-Id`` and proves itself by its secret header.
    """

    def authenticate(self, request: Request) -> tuple[User, TelegramAccount] | None:
        """Return the user and the linked account; None for a request without the header.

        Raises:
            Problem: 503 while no secret is configured; 400 for what is not a Telegram user's id.
            PermissionDenied: it is not the bot, or no user has linked this Telegram account.
        """
        claimed = request.headers.get(USER_HEADER)
        if claimed is None:
            return None
        if not is_from_bot(request):
            raise PermissionDenied(NOT_THE_BOT)
        telegram_id = _telegram_id(claimed)
        accounts = TelegramAccount.objects.select_related("user").filter(user__is_active=True)
        account = accounts.filter(telegram_id=telegram_id).first()
        if account is None:
            raise PermissionDenied("This Telegram account is not linked to a user.")
        return account.user, account


def _telegram_id(text: str) -> int:
    """Return the id in the header. Raises Problem (400) if it is none."""
    if WHOLE.fullmatch(text) and 1 <= int(text) <= MAX_TELEGRAM_ID:
        return int(text)
    raise Problem(f"{USER_HEADER} must be a whole number from 1 to {MAX_TELEGRAM_ID}.")
