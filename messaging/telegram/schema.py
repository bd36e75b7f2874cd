"""The bot's authentication in the OpenAPI schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from messaging.telegram.authentication import USER_HEADER
from messaging.telegram.bot import SECRET_HEADER

if TYPE_CHECKING:
    from drf_spectacular.openapi import AutoSchema


class TelegramScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its hook
    target_class = "messaging.telegram.authentication.TelegramAuthentication"
    name = ["botSecret", "telegramUser"]

    def get_security_definition(self, auto_schema: AutoSchema) -> list[dict[str, Any]]:  # noqa: ARG002
        return [{"type": "apiKey", "in": "header", "name": name} for name in (SECRET_HEADER, USER_HEADER)]
