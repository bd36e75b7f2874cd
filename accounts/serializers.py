"""What the API of accounts takes and gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import AccessToken, Session
from accounts.names import TAKEN, is_taken, normalize_address
from accounts.sessions import current_id
from accounts.validators import MAX_PASSWORD_CHARACTERS
from api.fields import NameField
from api.pagination import PageQuery
from api.serializers import ModelSerializer, Serializer
from core.names import MAX_NORMALIZED, name_key, normalize_name, validate_visible
from core.users import PUBLIC_FIELDS, USER_TEXTS
from messaging.models import TelegramAccount
from messaging.selectors import verified_address
from messaging.serializers import TelegramAccountSerializer

if TYPE_CHECKING:
    from datetime import datetime

MAX_USERNAME_CHARACTERS = 150
MAX_PERSON_NAME_CHARACTERS = 150
MAX_EMAIL_CHARACTERS = 254
MIN_SEARCH_CHARACTERS = 2
MAX_SIGN_IN_CHARACTERS = MAX_NORMALIZED  # a name in another Unicode form may be longer than the stored one
PASSWORD_RULES = "At least 8 characters, not only digits, not a common one."  # noqa: S105
OWN_FIELDS = [*PUBLIC_FIELDS, "email", "is_staff", "last_login"]


class UsernameField(serializers.CharField):
    """A username, normalised before it is validated."""

    def __init__(self, **kwargs: Any) -> None:
        validators: list[Any] = [UnicodeUsernameValidator(), validate_visible]
        super().__init__(max_length=MAX_USERNAME_CHARACTERS, validators=validators, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        return normalize_name(super().to_internal_value(data))


class AddressField(serializers.EmailField):
    """An e-mail address, normalised before it is validated."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_EMAIL_CHARACTERS, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        return normalize_address(super().to_internal_value(data))


class PersonNameField(NameField):
    """A first or last name: may be empty, but not of invisible characters only."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            max_length=MAX_PERSON_NAME_CHARACTERS,
            required=False,
            allow_blank=True,
            validators=[validate_visible],
            **kwargs,
        )


class PasswordField(serializers.CharField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            max_length=MAX_PASSWORD_CHARACTERS,
            trim_whitespace=False,
            write_only=True,
            style={"input_type": "password"},
            **kwargs,
        )


class UserSerializer(ModelSerializer[User]):
    """What users may see of themselves, and staff of any user."""

    class Meta:
        model = User
        fields = OWN_FIELDS
        extra_kwargs = USER_TEXTS


class VisibleUserSerializer(UserSerializer):
    """Any user, as staff and the user see it; others see less (``PublicUserSerializer``)."""

    class Meta(UserSerializer.Meta):
        may_lack = frozenset(OWN_FIELDS) - frozenset(PUBLIC_FIELDS)


class ProfileSerializer(ModelSerializer[User]):
    """The signed-in user. Names and e-mail may be changed."""

    first_name = PersonNameField(help_text="May be empty.")
    last_name = PersonNameField(help_text="May be empty.")
    email = AddressField(
        help_text="A new address needs `current_password`, and is verified by a link that is sent there."
    )
    current_password = serializers.CharField(
        max_length=MAX_SIGN_IN_CHARACTERS,
        trim_whitespace=False,
        write_only=True,
        required=False,
        style={"input_type": "password"},
        help_text="The present password. Needed with a new e-mail address.",
    )
    email_verified = serializers.SerializerMethodField(help_text="Whether messages are sent to the address.")
    telegram = serializers.SerializerMethodField(help_text="The linked Telegram account.")

    class Meta:
        model = User
        fields = [*OWN_FIELDS, "email_verified", "telegram", "current_password"]
        read_only_fields = ["username", "date_joined", "is_staff", "last_login"]
        extra_kwargs = USER_TEXTS

    def validate_email(self, email: str) -> str:
        if is_taken("email", email, except_user=self.instance.pk if self.instance else 0):
            raise serializers.ValidationError(TAKEN["email"])
        return email

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        self.given_password: str = attrs.pop("current_password", "")  # it is no column
        return attrs

    def get_email_verified(self, user: User) -> bool:
        return bool(verified_address(user))

    @extend_schema_field(TelegramAccountSerializer(allow_null=True))
    def get_telegram(self, user: User) -> dict[str, Any] | None:
        account = TelegramAccount.objects.filter(user=user).first()
        return None if account is None else dict(TelegramAccountSerializer(account).data)


class RegistrationSerializer(ModelSerializer[User]):
    """A new user."""

    username = UsernameField(help_text="Unique whatever its case and Unicode form.")
    email = AddressField(help_text="Unique. It has to be verified by a link that is sent there.")
    password = PasswordField(help_text=PASSWORD_RULES)
    confirm_password = PasswordField(help_text="The password again.")
    first_name = PersonNameField(help_text="May be empty.")
    last_name = PersonNameField(help_text="May be empty.")

    class Meta:
        model = User
        fields = ["username", "email", "password", "confirm_password", "first_name", "last_name"]

    def validate_username(self, username: str) -> str:
        if is_taken("username", username):
            raise serializers.ValidationError(TAKEN["username"])
        return username

    def validate_email(self, email: str) -> str:
        if is_taken("email", email):
            raise serializers.ValidationError(TAKEN["email"])
        return email

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.pop("confirm_password") != attrs["password"]:
            raise serializers.ValidationError({"confirm_password": "The two passwords differ."})
        user = User(**{name: value for name, value in attrs.items() if name != "password"})
        try:
            validate_password(attrs["password"], user)
        except ValidationError as error:
            raise serializers.ValidationError({"password": error.messages}) from error
        return attrs


class SignInSerializer(Serializer):
    """Credentials."""

    username = serializers.CharField(
        max_length=MAX_SIGN_IN_CHARACTERS, help_text="In any case and Unicode form."
    )
    password = serializers.CharField(
        max_length=MAX_SIGN_IN_CHARACTERS,
        help_text="As it was chosen.",
        trim_whitespace=False,
        style={"input_type": "password"},
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        user = authenticate(self.context["request"], **attrs)
        if user is None:
            raise serializers.ValidationError("Unable to log in with provided credentials.")
        return {"user": user}


class IssuedTokenSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(help_text="For the header Authorization: Token …; not shown again.")


class AccessTokenSerializer(ModelSerializer[AccessToken]):
    """A token of the signed-in user, without the token itself."""

    is_current = serializers.SerializerMethodField(help_text="Whether this request carries it.")

    class Meta:
        model = AccessToken
        fields = ["id", "created_at", "expires_at", "is_current"]
        extra_kwargs = {
            "id": {"help_text": "By which it is ended."},
            "created_at": {"help_text": "When it was issued."},
            "expires_at": {"help_text": "Until when it is valid."},
        }

    def get_is_current(self, token: AccessToken) -> bool:
        return bool(self.context["request"].auth == token)


class EmailVerificationSerializer(Serializer):
    """The token of a link that verifies an e-mail address."""

    token = serializers.CharField(max_length=1000, help_text="The last part of the link in the mail.")


class SessionSerializer(ModelSerializer[Session]):
    """A session of the signed-in user. ``context`` needs ``last_uses`` by id, and the ``request``."""

    id = serializers.CharField(source="public_id", help_text="By which it is ended.")
    last_used_at = serializers.SerializerMethodField(help_text="The time of its last request.")
    is_current = serializers.SerializerMethodField(help_text="Whether this request belongs to it.")

    class Meta:
        model = Session
        fields = ["id", "signed_in_at", "last_used_at", "expire_date", "agent", "is_current"]
        extra_kwargs = {
            "signed_in_at": {"help_text": "When the user signed in."},
            "expire_date": {"help_text": "Until when it is valid."},
            "agent": {"help_text": "The browser, as it calls itself (`User-Agent`)."},
        }

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_last_used_at(self, session: Session) -> datetime | None:
        used: datetime | None = self.context["last_uses"].get(session.public_id, session.signed_in_at)
        return used

    def get_is_current(self, session: Session) -> bool:
        return current_id(self.context["request"].session) == session.public_id


class PasswordChangeSerializer(Serializer):
    current_password = serializers.CharField(
        max_length=MAX_SIGN_IN_CHARACTERS, trim_whitespace=False, help_text="The present password."
    )
    new_password = PasswordField(help_text=PASSWORD_RULES)


class PasswordChangedSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(
        allow_null=True,
        help_text="A new access token if the request carried one, which has ended; else null.",
    )


class PasswordResetSerializer(Serializer):
    email = AddressField(help_text="The verified e-mail address of an account.")


class PasswordResetConfirmSerializer(Serializer):
    """What the link in the mail holds, and the new password."""

    uid = serializers.CharField(max_length=100, help_text="The last part but one of the link in the mail.")
    token = serializers.CharField(max_length=100, help_text="The last part of the link in the mail.")
    new_password = PasswordField(help_text=PASSWORD_RULES)


class AccountDeletionSerializer(Serializer):
    password = serializers.CharField(
        max_length=MAX_SIGN_IN_CHARACTERS, trim_whitespace=False, help_text="The password of the account."
    )


class AccountExportSerializer(serializers.Serializer[Any]):
    """What is known of a user. The tables are not named here: an app that adds one need not know of it."""

    account = serializers.DictField(help_text="The user. Each other field is a table: a list of its rows.")


class PersonSerializer(serializers.ModelSerializer[User]):
    """A user by names only."""

    class Meta:
        model = User
        fields = ["id", "username", "first_name", "last_name"]
        extra_kwargs = USER_TEXTS


class PersonQuery(PageQuery):
    """The parameters of the search for users."""

    search = NameField(
        min_length=MIN_SEARCH_CHARACTERS,
        max_length=MAX_USERNAME_CHARACTERS,
        help_text="Words, each of which is the beginning of the username, first or last name.",
    )

    def validate_search(self, search: str) -> str:
        if len(name_key(search)) < MIN_SEARCH_CHARACTERS:
            raise serializers.ValidationError("must have at least two visible characters.")
        return search
