"""Resetting a password by a link in a mail; accounts/reset_mails.py has who gets one and why."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.utils.http import urlsafe_base64_decode

from accounts import passwords
from accounts.models import PasswordResetRequest
from accounts.tasks import answer_password_resets
from accounts.verification import LINK_NOT_VALID
from api.problems.exceptions import Problem


@transaction.atomic
def request_reset(*, email: str, language: str) -> None:
    """Record that someone wants to reset the password of the user with this address."""
    PasswordResetRequest.objects.create(email=email, language=language)
    answer_password_resets.delay_on_commit()


def find_user(uid: str, token: str, *, lock: bool = False) -> User | None:
    """Return the active user of a link, None if the link is not valid."""
    try:
        pk = int(urlsafe_base64_decode(uid))
    except (ValueError, OverflowError):
        return None
    users = User.objects.filter(is_active=True)
    user = (users.select_for_update(no_key=True) if lock else users).filter(pk=pk).first()
    return user if user and default_token_generator.check_token(user, token) else None


@transaction.atomic
def reset_password(*, uid: str, token: str, new_password: str, language: str) -> None:
    """Give the user of a link another password, and end every token and session.

    Two requests with one link: the first locks the user, and its new password ends the link.

    Raises:
        Problem: the link is not valid; the answer does not say why.
        ValidationError: the password is not accepted. The link stays valid.
    """
    user = find_user(uid, token, lock=True)
    if user is None:
        raise Problem(str(LINK_NOT_VALID))
    passwords.set_password(user=user, password=new_password, language=language)
    passwords.end_sessions(user=user)
