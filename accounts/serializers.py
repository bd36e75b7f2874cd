"""What the API takes and gives."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.actions import LINK_SECONDS
from accounts.models import MOST_TELEGRAM_ID, TelegramAccount
from accounts.secret_tokens import TOKEN
from api.params import BIGGEST_ID

PASSWORD_CHARACTERS = 128
PUBLIC = ["id", "username", "first_name", "last_name", "date_joined"]
OWN = [*PUBLIC, "email", "is_staff", "last_login"]


class PublicUserSerializer(serializers.ModelSerializer[User]):
    """What every signed-in user may know of another."""

    class Meta:
        model = User
        fields = PUBLIC


class UserSerializer(serializers.ModelSerializer[User]):
    """What a user, and staff, may know of him."""

    class Meta:
        model = User
        fields = OWN


class TelegramAccountSerializer(serializers.ModelSerializer[TelegramAccount]):
    class Meta:
        model = TelegramAccount
        fields = ["telegram_id", "linked_at"]


class ProfileSerializer(serializers.ModelSerializer[User]):
    """The caller. Names and e-mail may be changed."""

    telegram = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = [*OWN, "telegram"]
        read_only_fields = ["username", "date_joined", "is_staff", "last_login"]
        extra_kwargs = {"email": {"required": True, "allow_blank": False}}

    @extend_schema_field(TelegramAccountSerializer(allow_null=True))
    def get_telegram(self, user: User) -> dict[str, Any] | None:
        account = TelegramAccount.objects.filter(user=user).first()
        return None if account is None else dict(TelegramAccountSerializer(account).data)


class RegistrationSerializer(serializers.ModelSerializer[User]):
    confirm_password = serializers.CharField(
        max_length=PASSWORD_CHARACTERS, trim_whitespace=False, write_only=True
    )

    class Meta:
        model = User
        fields = ["username", "email", "password", "confirm_password", "first_name", "last_name"]
        extra_kwargs = {
            "email": {"required": True, "allow_blank": False},
            "password": {
                "max_length": PASSWORD_CHARACTERS,
                "trim_whitespace": False,
                "write_only": True,
            },
        }

    def validate_username(self, username: str) -> str:
        """Names that look the same, or differ in case only, are one name."""
        username = User.normalize_username(username)
        if User.objects.filter(username__iexact=username).exists():
            raise serializers.ValidationError("A user with that username already exists.")
        return username

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.pop("confirm_password") != attrs["password"]:
            raise serializers.ValidationError({"confirm_password": "The two passwords differ."})
        user = User(**{name: value for name, value in attrs.items() if name != "password"})
        try:
            validate_password(attrs["password"], user)
        except ValidationError as error:
            raise serializers.ValidationError({"password": error.messages}) from error
        return attrs

    def create(self, validated_data: dict[str, Any]) -> User:
        return User.objects.create_user(**validated_data)


class AccessTokenSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(help_text="For the header Authorization: Token …; not shown again.")


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
    telegram_id = serializers.IntegerField(min_value=1, max_value=MOST_TELEGRAM_ID)


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
