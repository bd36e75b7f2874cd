"""Changing a user's names and e-mail address.

Who has the address can reset the password. So a new one needs the password, which a stolen token or session
does not have, and the address before it gets a mail.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError

from accounts.names import name_conflicts
from accounts.passwords import check_password
from accounts.verification import send_verification
from messaging import delivery
from messaging.composers import Content, composer
from messaging.selectors import verified_address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.contrib.auth.models import User

    from messaging.models import OutgoingMessage

KIND = "accounts.address_changed"
PASSWORD_NEEDED = _("A new e-mail address needs your present password.")


@transaction.atomic
def update_profile(*, user: User, values: Mapping[str, Any], current_password: str, language: str) -> User:
    """Change names and e-mail of a user, who is locked. A new address gets a link that verifies it.

    Raises:
        ValidationError: another user has the address, or the password is missing or wrong.
    """
    has_new_address = values.get("email", user.email) != user.email
    before = verified_address(user)
    if has_new_address:
        _require_password(user, current_password)
    for name, value in values.items():
        setattr(user, name, value)
    with name_conflicts():
        user.save(update_fields=list(values))
    if has_new_address:
        send_verification(user=user, language=language)
        _tell_address(before, user, language)
    return user


def _require_password(user: User, password: str) -> None:
    if not password:
        raise ValidationError({"current_password": [PASSWORD_NEEDED]})
    check_password(user, password, field="current_password")


def _tell_address(address: str, user: User, language: str) -> None:
    if address:
        delivery.send(
            user=user,
            kind=KIND,
            payload={"address": address, "language": language},
            dedupe_key=f"{KIND}:{user.pk}:{secrets.token_hex(8)}",
            mail_only=True,
        )


@composer(KIND)
def compose_address_changed(message: OutgoingMessage) -> Content:
    paragraphs = [
        gettext("Hello %(name)s,") % {"name": message.user.get_username()},
        gettext("your account has a new e-mail address, and this one is not used any more."),
        gettext("If that was not you, change your password at once and write to us."),
    ]
    subject = gettext("Your e-mail address was changed")
    return Content(subject, "\n\n".join(paragraphs), address=message.payload["address"])
