"""The language in which a user gets messages: the one in which the user last asked for one.

What a user asks for, as the mail that verifies an address, is recorded with the language of the request, or
of the Telegram account that is being linked. What others cause, as a task that is assigned, is in the same.
A request for a password does not count: anyone can make it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Exists, OuterRef

from messaging.models import OutgoingMessage

if TYPE_CHECKING:
    from django.db.models import QuerySet

_own_kinds: set[str] = set()


def asked_by_recipient(kind: str) -> str:
    """Return a kind of messages that only their recipient can ask for. Their payload has ``language``."""
    _own_kinds.add(kind)
    return kind


def language_of(message: OutgoingMessage) -> str:
    """Return the language of a message: its own, or that of its recipient."""
    own: str | None = message.payload.get("language")
    return own or language_of_user(message.user_id)


def language_of_user(user_id: int) -> str:
    """Return the language in which to write to a user; that of the settings if the user never said."""
    asked = _asked().filter(user=user_id).order_by("-pk")
    found: str | None = asked.values_list("payload__language", flat=True).first()
    return found or settings.LANGUAGE_CODE


def saying_languages() -> QuerySet[OutgoingMessage]:
    """Return the newest message of each user that says the user's language: it is kept."""
    later = _asked().filter(user=OuterRef("user"), pk__gt=OuterRef("pk"))
    return _asked().exclude(Exists(later))


def _asked() -> QuerySet[OutgoingMessage]:
    return OutgoingMessage.objects.filter(kind__in=_own_kinds)
