"""What a message says: composed when it is sent, from what holds then.

An app registers a composer for each kind of message, in a module that its AppConfig imports::

    @composer("courses.enrolled")
    def compose(message: OutgoingMessage) -> Content | None:
        ...  # None: there is nothing to say any more

It runs in the language of the message (messaging/languages.py), so ``gettext`` is enough.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from django.utils import translation

from messaging.languages import language_of
from messaging.models import OutgoingMessage

if TYPE_CHECKING:
    from messaging.email import Attachment

TEXT = "text"  # a message whose words are fixed when it is recorded


class Content(NamedTuple):
    """What to send. ``address`` replaces the user's verified one: only to verify it, or
    to tell the one before that it is not used any more."""

    subject: str
    text: str
    attachments: tuple[Attachment, ...] = ()
    address: str = ""


Composer = Callable[[OutgoingMessage], Content | None]
_composers: dict[str, Composer] = {}


def composer(kind: str) -> Callable[[Composer], Composer]:
    """Return a decorator that registers a function as the composer of a kind."""

    def register(function: Composer) -> Composer:
        _composers[kind] = function
        return function

    return register


def compose(message: OutgoingMessage) -> Content | None:
    """Return what the message says now, in its language, or None if there is nothing to say any more.

    Raises:
        LookupError: no app has registered the kind.
    """
    if not message.user.is_active:
        return None
    with translation.override(language_of(message)):
        return _composers[message.kind](message)


@composer(TEXT)
def compose_text(message: OutgoingMessage) -> Content:
    return Content(message.payload["subject"], message.payload["text"])
