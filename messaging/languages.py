"""The language in which a user gets messages: recorded where the user chooses it.

======== ====================================================================================
Telegram that in which the user last gave the bot a command, or linked the chat
e-mail   that of the mail whose link verified the address; afterwards the one that the user has
         chosen on a page, or used to set a new password
======== ====================================================================================

Where one is not known, it is the other, else that of the settings. What a user asks for by a request, as the
link that verifies an address, is in the language of the request, which its payload has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from messaging.models import VerifiedEmail

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from messaging.models import OutgoingMessage


def language_of(message: OutgoingMessage) -> str:
    """Return the language of a message: its own, or that of its recipient."""
    own: str | None = message.payload.get("language")
    return own or language_of_user(message.user, by_mail=message.mail_only)


def language_of_user(user: User, *, by_mail: bool) -> str:
    """Return the language in which to write to a user, by mail or, where linked, by Telegram."""
    known = [getattr(getattr(user, name, None), "language", "") for name in ("telegram", "verified_email")]
    if by_mail:
        known.reverse()
    return next(filter(None, known), settings.LANGUAGE_CODE)


def choose_mail_language(user: User, language: str) -> None:
    """Have later mails to a user, if the address is verified, written in a language."""
    VerifiedEmail.objects.filter(user=user).update(language=language)
