"""The mails that reset passwords: who gets one, and what it says.

Nothing reveals who has an account. The request for a mail only records the address, whatever it is::

    request    INSERT of a PasswordResetRequest, and the answer, which is always the same
    worker     looks whose address it is, records the mail (messaging/delivery.py), deletes the row
    mail       the link is made when the mail is sent, so the database holds none

A link is Django's: it depends on the password and on when the user last signed in, so it is valid once. It
expires after ``PASSWORD_RESET_TIMEOUT``.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.db.models import TextField, Value
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext

from accounts.models import PasswordResetRequest
from accounts.verification import send_verification
from core.names import NameKey
from messaging import delivery
from messaging.composers import Content, composer
from messaging.selectors import verified_address

if TYPE_CHECKING:
    from messaging.models import OutgoingMessage

KIND = "accounts.password_reset"
RESEND_SECONDS = 60
MAX_ANSWERED = 100  # in one transaction


def answer_requests() -> None:
    """Send a mail for each request that waits, if its address is a user's."""
    while _answer_some() == MAX_ANSWERED:
        pass


@transaction.atomic
def _answer_some() -> int:
    waiting = PasswordResetRequest.objects.select_for_update(skip_locked=True).order_by("pk")
    requests = list(waiting[:MAX_ANSWERED])
    for one in requests:
        if user := _user_of(one.email):
            _send_link(user, one.language)
    PasswordResetRequest.objects.filter(pk__in=[one.pk for one in requests]).delete()
    return len(requests)


def _user_of(address: str) -> User | None:
    users = User.objects.filter(is_active=True).exclude(email="").alias(key=NameKey("email"))
    user = users.filter(key=NameKey(Value(address, TextField()))).first()
    return user if user and user.has_usable_password() else None


def _send_link(user: User, language: str) -> None:
    """Send the link, at most once a minute. An address that is not verified has to be verified first."""
    if not verified_address(user):
        send_verification(user=user, language=language)
        return
    delivery.send(
        user=user,
        kind=KIND,
        payload={"language": language},
        dedupe_key=f"{KIND}:{user.pk}:{int(time.time() // RESEND_SECONDS)}",
        mail_only=True,
    )


def link_to_reset(user: User) -> str:
    """Return the address of the page that sets a new password."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    token = default_token_generator.make_token(user)
    return settings.SITE_URL + reverse("password-reset-confirm", args=[uid, token])


@composer(KIND)
def compose_reset(message: OutgoingMessage) -> Content | None:
    """Return the mail with the link, None if the user has another address by now."""
    if not verified_address(message.user):
        return None
    paragraphs = [
        gettext("Hello %(name)s,") % {"name": message.user.get_username()},
        gettext("this link sets a new password:"),
        link_to_reset(message.user),
        gettext("It is valid for an hour, and once. If you did not ask for it, ignore this mail."),
    ]
    return Content(gettext("Set a new password"), "\n\n".join(paragraphs))
