"""What the API of Telegram linking takes and gives."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.fields import MAX_ID, IntegerField
from api.serializers import ModelSerializer, Serializer
from core.secret_tokens import TOKEN
from core.users import PublicUserSerializer
from messaging.models import MAX_TELEGRAM_ID, TelegramAccount
from messaging.telegram.linking import LINK_SECONDS


class TelegramAccountSerializer(ModelSerializer[TelegramAccount]):
    """A linked Telegram account."""

    class Meta:
        model = TelegramAccount
        fields = ["telegram_id", "linked_at"]
        extra_kwargs = {
            "telegram_id": {"help_text": "Telegram's number of the user."},
            "linked_at": {"help_text": "When it was linked."},
        }


class TelegramLinkSerializer(serializers.Serializer[Any]):
    """A link to the bot."""

    telegram_link = serializers.URLField(
        allow_null=True,
        help_text="Opens the bot; null if the bot has no public name. The token works without it.",
    )
    link_token = serializers.CharField(help_text="To send to the bot by hand: /start <token>.")
    expires_in = serializers.IntegerField(
        default=LINK_SECONDS, help_text="How many seconds the link is valid."
    )


class TelegramConfirmationSerializer(Serializer):
    """What the project's own bot sends when a user writes ``/start <code>`` to it."""

    code = serializers.RegexField(
        rf"\A{TOKEN.pattern}\Z",
        max_length=100,
        help_text="The code of the link.",
        error_messages={"invalid": "must be the 43 characters of A-Z, a-z, 0-9, _ and - from the link"},
    )
    telegram_id = IntegerField(
        min_value=1, max_value=MAX_TELEGRAM_ID, help_text="Telegram's number of the user."
    )


class LinkedTelegramSerializer(serializers.Serializer[Any]):
    """A link that was confirmed."""

    telegram_id = serializers.IntegerField(help_text="Telegram's number of the user.")
    user = PublicUserSerializer(help_text="The user who requested the link.")


class TelegramUpdateSerializer(serializers.Serializer[Any]):
    """Telegram's Update. Not strict: Telegram adds fields as it likes, and the bot reads few of them."""

    update_id = IntegerField(min_value=0, max_value=MAX_ID, help_text="Telegram's number of the Update.")
    message = serializers.DictField(required=False, help_text="A message to the bot, as Telegram has it.")


class TelegramReplySerializer(serializers.Serializer[Any]):
    """A call of the Bot API for Telegram to make; empty if the bot does not answer."""

    method = serializers.CharField(required=False, help_text="The method of the Bot API.")
    chat_id = serializers.IntegerField(required=False, help_text="The chat to answer in.")
    text = serializers.CharField(required=False, help_text="The answer.")
