"""What the API of Telegram linking takes and gives."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.params import BIGGEST_ID
from core.secret_tokens import TOKEN
from core.users import PublicUserSerializer
from messaging.models import MAX_TELEGRAM_ID, TelegramAccount
from messaging.telegram.linking import LINK_SECONDS


class TelegramAccountSerializer(serializers.ModelSerializer[TelegramAccount]):
    class Meta:
        model = TelegramAccount
        fields = ["telegram_id", "linked_at"]


class LinkSerializer(serializers.Serializer[Any]):
    telegram_link = serializers.URLField(
        allow_null=True, help_text="null while TELEGRAM_BOT_NAME is not set; the token works without it."
    )
    link_token = serializers.CharField(help_text="To send to the bot by hand: /start <token>.")
    expires_in = serializers.IntegerField(default=LINK_SECONDS, help_text="Seconds.")


class ConfirmationSerializer(serializers.Serializer[Any]):
    """What a bot of one's own sends when it was told ``/start <code>``."""

    code = serializers.RegexField(
        rf"\A{TOKEN.pattern}\Z",
        max_length=100,
        error_messages={"invalid": "must be the 43 characters of A-Z, a-z, 0-9, _ and - from the link"},
    )
    telegram_id = serializers.IntegerField(min_value=1, max_value=MAX_TELEGRAM_ID)


class LinkedSerializer(serializers.Serializer[Any]):
    telegram_id = serializers.IntegerField()
    user = PublicUserSerializer()


class UpdateSerializer(serializers.Serializer[Any]):
    """Telegram's Update, as far as every one has it. The rest is the bot's to read."""

    update_id = serializers.IntegerField(min_value=0, max_value=BIGGEST_ID)
    message = serializers.DictField(required=False)


class ReplySerializer(serializers.Serializer[Any]):
    """A call of the Bot API for Telegram to make; empty where the bot has nothing to say."""

    method = serializers.CharField(required=False)
    chat_id = serializers.IntegerField(required=False)
    text = serializers.CharField(required=False)
