"""Changing a password, and what ends with it: every access token, every other session, and
the link to Telegram (accounts/validators.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth import SESSION_KEY, update_session_auth_hash
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import transaction
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import AuthenticationFailed, ValidationError

from accounts.actions import issue_access_token
from accounts.models import AccessToken, Session
from accounts.sessions import current_id
from messaging import delivery
from messaging.composers import Content, composer
from messaging.languages import choose_mail_language
from messaging.models import TelegramAccount

if TYPE_CHECKING:
    from django.http import HttpRequest

    from messaging.models import OutgoingMessage

KIND = "accounts.password_changed"
WRONG_PASSWORD = _("This is not your password.")
UNLINKED = gettext_noop("Your Telegram account is no longer linked: link it again if you want to.")
ACCOUNT_DELETED = "This account has just been deleted."


@transaction.atomic
def change_password(
    *, request: HttpRequest, user: User, current_password: str, new_password: str, language: str
) -> str | None:
    """Change the password of the signed-in user, and end what it gave access to.

    The session of the request goes on, under another key.

    Returns:
        A new token, if the request carried one: that has ended, too.

    Raises:
        ValidationError: the present password is wrong, or the new one is not accepted; by field.
    """
    locked = lock_user(user)
    check_password(locked, current_password, field="current_password")
    set_password(user=locked, password=new_password, language=language)
    if request.session.get(SESSION_KEY) == str(user.pk):
        update_session_auth_hash(request, locked)
    Session.objects.filter(user=user).exclude(public_id=current_id(request.session)).delete()
    carries_token = isinstance(getattr(request, "auth", None), AccessToken)
    return issue_access_token(user=locked) if carries_token else None


def set_password(*, user: User, password: str, language: str) -> None:
    """Give a user, who is locked, another password, end every token, and send a mail that says so.

    Raises:
        ValidationError: the password is not accepted; of the field ``new_password``.
    """
    try:
        validate_password(password, user)
    except DjangoValidationError as error:
        raise ValidationError({"new_password": error.messages}) from error
    has_telegram = TelegramAccount.objects.filter(user=user).exists()
    user.set_password(password)
    user.save(update_fields=["password"])
    AccessToken.objects.filter(user=user).delete()
    choose_mail_language(user, language)
    delivery.send(
        user=user,
        kind=KIND,
        payload={"language": language, "telegram": has_telegram},
        dedupe_key=f"{KIND}:{user.pk}:{user.get_session_auth_hash()[:16]}",
        mail_only=True,
    )


def end_sessions(*, user: User) -> None:
    """End every session of a user."""
    Session.objects.filter(user=user).delete()


def lock_user(user: User) -> User:
    """Return the user as stored now, locked.

    Raises:
        AuthenticationFailed: the account was deleted since the request was authenticated.
    """
    locked = User.objects.select_for_update(no_key=True).filter(pk=user.pk, is_active=True).first()
    if locked is None:
        raise AuthenticationFailed(ACCOUNT_DELETED)
    return locked


def check_password(user: User, password: str, *, field: str) -> None:
    """Raise ValidationError, of the field, for a password that is not the user's."""
    if not user.check_password(password):
        raise ValidationError({field: [WRONG_PASSWORD]})


@composer(KIND)
def compose_password_changed(message: OutgoingMessage) -> Content:
    paragraphs = [
        gettext("Hello %(name)s,") % {"name": message.user.get_username()},
        gettext("your password was changed, and you were signed out elsewhere."),
        *([gettext(UNLINKED)] if message.payload.get("telegram") else []),
        gettext("If that was not you, reset your password at once and write to us."),
    ]
    return Content(gettext("Your password was changed"), "\n\n".join(paragraphs))
