"""What the API takes and gives."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.users import PUBLIC_FIELDS
from messaging.models import TelegramAccount
from messaging.serializers import TelegramAccountSerializer

PASSWORD_CHARACTERS = 128
OWN = [*PUBLIC_FIELDS, "email", "is_staff", "last_login"]


class UserSerializer(serializers.ModelSerializer[User]):
    """What a user may see of themselves, and staff of any user."""

    class Meta:
        model = User
        fields = OWN


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
