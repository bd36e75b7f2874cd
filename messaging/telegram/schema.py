"""The bot's authentication in the OpenAPI schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from messaging.telegram.authentication import USER_HEADER
from messaging.telegram.bot import SECRET_HEADER

if TYPE_CHECKING:
    from drf_spectacular.openapi import AutoSchema

DESCRIPTIONS = {
    SECRET_HEADER: "The secret by which the Telegram bot is known, always together with `telegramUser`.",
    USER_HEADER: "Telegram's number of the user: the bot acts for this user.",
}


class TelegramScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its hook
    target_class = "messaging.telegram.authentication.TelegramAuthentication"
    name = ["botSecret", "telegramUser"]

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:  # noqa: ARG002
        return [
            {"type": "apiKey", "in": "header", "name": name, "description": text}
            for name, text in DESCRIPTIONS.items()
        ]
