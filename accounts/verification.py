"""Verifying that a user reads an e-mail address: by a signed link that is sent there.

The link holds the user, the address, the mail's language and when the user last verified one. It is valid for
``LINK_SECONDS``, while the address is the user's, and once: verifying changes what it has to match.
"""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from api.problems.exceptions import Problem
from messaging import delivery
from messaging.composers import Content, composer
from messaging.models import VerifiedEmail
from messaging.selectors import verified_address

if TYPE_CHECKING:
    from messaging.models import OutgoingMessage

LINK_SECONDS = 3 * 86_400
SALT = "accounts.verification"
KIND = "accounts.verify_email"
RESEND_SECONDS = 60
# One answer for every link that verifies nothing, so that a guess reveals nothing.
LINK_NOT_VALID = _("This link is not valid: it is unknown, expired, or has been used. Request a new one.")


def send_verification(*, user: User, language: str) -> bool:
    """Send the user's address a link that verifies it, at most once a minute.

    Returns:
        False if the address is verified, or there is none.
    """
    if not user.email or verified_address(user):
        return False
    address = hashlib.sha256(user.email.encode()).hexdigest()[:16]
    delivery.send(
        user=user,
        kind=KIND,
        payload={"address": user.email, "language": language},
        dedupe_key=f"{KIND}:{user.pk}:{address}:{int(time.time() // RESEND_SECONDS)}",
        mail_only=True,
    )
    return True


def make_token(user: User, language: str = "") -> str:
    """Return the token that verifies the user's present address, for a mail in a language."""
    values = {"user": user.pk, "address": user.email, "last": _last_verification(user), "language": language}
    return signing.dumps(values, salt=SALT)


@transaction.atomic
def verify_email(*, token: str) -> User:
    """Record that the address of a link is verified, and return its user. Twenty at once: one does.

    Messages that were given up because the user had no address are sent.

    Raises:
        Problem: the link is not valid; the answer does not say why.
    """
    try:
        values = signing.loads(token, salt=SALT, max_age=LINK_SECONDS)
    except signing.BadSignature as error:
        raise Problem(str(LINK_NOT_VALID)) from error
    users = User.objects.select_for_update(no_key=True).filter(is_active=True)
    user = users.filter(pk=values["user"], email=values["address"]).first()
    if user is None or _last_verification(user) != values["last"]:
        raise Problem(str(LINK_NOT_VALID))
    language = values.get("language", "")  # missing in links that were sent before they had it
    verified = {"address": user.email, "verified_at": timezone.now(), "language": language}
    VerifiedEmail.objects.update_or_create(user=user, defaults=verified)
    delivery.revive_undeliverable(user)
    return user


@composer(KIND)
def compose_verification(message: OutgoingMessage) -> Content | None:
    """Return the mail with the link, None if the address has changed or is verified."""
    user = message.user
    if user.email != message.payload["address"] or verified_address(user):
        return None
    token = make_token(user, message.payload["language"])
    link = settings.SITE_URL + reverse("verify-email", args=[token])
    paragraphs = [
        gettext("Hello %(name)s,") % {"name": user.get_username()},
        gettext("please confirm that this is your e-mail address:"),
        link,
        gettext("The link is valid for three days. If you have no account with us, ignore this mail."),
    ]
    subject = gettext("Confirm your e-mail address")
    return Content(subject, "\n\n".join(paragraphs), address=user.email)


def _last_verification(user: User) -> str:
    """Return when the user last verified an address; empty if never."""
    found = VerifiedEmail.objects.filter(user=user).values_list("verified_at", flat=True).first()
    return found.isoformat() if found else ""
