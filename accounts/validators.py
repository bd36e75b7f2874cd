"""Rules for passwords, and what ends with one, for every way of setting it (AUTH_PASSWORD_VALIDATORS)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from messaging.telegram.linking import unlink_telegram

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MAX_PASSWORD_CHARACTERS = 128


class PasswordRules:
    """A password has a maximum length. After one is stored, the user's Telegram account is unlinked.

    Another who knew the password before may have linked an account of their own.
    """

    def validate(self, password: str, user: User | None = None) -> None:  # noqa: ARG002
        """Raise ValidationError for a password that is too long."""
        if len(password) > MAX_PASSWORD_CHARACTERS:
            text = _("This password is too long. It may have at most %(max)d characters.")
            raise ValidationError(text, code="password_too_long", params={"max": MAX_PASSWORD_CHARACTERS})

    def get_help_text(self) -> str:
        return _("Your password can have at most %(max)d characters.") % {"max": MAX_PASSWORD_CHARACTERS}

    def password_changed(self, password: str, user: User | None = None) -> None:  # noqa: ARG002
        if user is not None and user.pk is not None:
            unlink_telegram(user=user)
