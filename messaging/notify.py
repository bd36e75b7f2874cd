"""Sending one message to one user now: by Telegram where linked, else by e-mail.

Apps record a message instead (messaging/delivery.py), which is retried and never lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from messaging.channels import TELEGRAM, is_paused
from messaging.email import send_mail
from messaging.errors import NotDelivered, PermanentFailure, TemporaryFailure, UnknownOutcome
from messaging.models import TelegramAccount
from messaging.selectors import verified_address
from messaging.telegram.client import send_message

if TYPE_CHECKING:
    from django.contrib.auth.models import User

__all__ = ["NotDelivered", "Refused", "TryLater", "Unknown", "reach", "telegram_pauses"]

Refused, TryLater, Unknown = PermanentFailure, TemporaryFailure, UnknownOutcome


def telegram_pauses() -> bool:
    """Return whether Telegram is paused."""
    return is_paused(TELEGRAM)


def reach(user: User, subject: str, text: str) -> str:
    """Send a user a message and return its channel, ``"telegram"`` or ``"email"``.

    Raises:
        NotDelivered: one of ``PermanentFailure``, ``TemporaryFailure`` and ``UnknownOutcome``.
    """
    address = verified_address(user)
    account = TelegramAccount.objects.filter(user=user).first() if settings.TELEGRAM_BOT_TOKEN else None
    if account is not None:
        try:
            send_message(account.telegram_id, f"{subject}\n\n{text}")
        except PermanentFailure:
            if not address:
                raise
        else:
            return "telegram"
    if not address:
        raise PermanentFailure("Nowhere to send it: no Telegram account and no verified e-mail address")
    send_mail(address, subject, text)
    return "email"
