"""Reaching a user: by Telegram where linked, else by e-mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from messaging.email import send_mail
from messaging.errors import NotDelivered, Refused, TryLater, Unknown
from messaging.models import TelegramAccount
from messaging.telegram.backoff import telegram_pauses
from messaging.telegram.client import send_message

if TYPE_CHECKING:
    from django.contrib.auth.models import User

__all__ = ["NotDelivered", "Refused", "TryLater", "Unknown", "reach", "telegram_pauses"]


def reach(user: User, subject: str, text: str) -> str:
    """Send a user a message; by which channel it went, ``"telegram"`` or ``"email"``.

    Who has blocked the bot gets a mail.

    Raises:
        NotDelivered: one of ``Refused``, ``TryLater`` and ``Unknown``.
    """
    account = TelegramAccount.objects.filter(user=user).first() if settings.TELEGRAM_BOT_TOKEN else None
    if account is not None:
        try:
            send_message(account.telegram_id, f"{subject}\n\n{text}")
        except Refused:
            if not user.email:
                raise
        else:
            return "telegram"
    if not user.email:
        raise Refused("Nowhere to send it: no Telegram account and no e-mail address")
    send_mail(user.email, subject, text)
    return "email"
