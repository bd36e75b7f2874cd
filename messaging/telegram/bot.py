"""How the Telegram bot proves itself."""

from __future__ import annotations

import hmac
from http import HTTPStatus
from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.permissions import BasePermission

from api.problems.exceptions import Problem

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView

# Telegram's own: it sends what setWebhook was given (https://core.telegram.org/bots/api#setwebhook).
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  (its name)
NOT_THE_BOT = f"Only for the bot, which proves itself by the header {SECRET_HEADER}."


def is_from_bot(request: Request) -> bool:
    """Return whether the request carries the bot's secret, compared in constant time.

    Raises:
        Problem: 503 while no secret is configured.
    """
    secret = settings.TELEGRAM_WEBHOOK_SECRET
    if not secret:
        raise Problem(
            "Telegram is not set up here: TELEGRAM_WEBHOOK_SECRET is missing.",
            status=HTTPStatus.SERVICE_UNAVAILABLE,
        )
    return hmac.compare_digest(request.headers.get(SECRET_HEADER, "").encode(), secret.encode())


class IsBot(BasePermission):
    message = NOT_THE_BOT

    def has_permission(self, request: Request, view: APIView) -> bool:  # noqa: ARG002
        return is_from_bot(request)
