"""How the bot answers an Update that Telegram sends (https://core.telegram.org/bots/api#update).

Only a command in a private chat is answered. The answer is in the response to the request, as a call that
Telegram then makes: at most once, and without a request of our own. Everything else is answered with 200 as
well, because Telegram repeats for a day what is not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.utils import translation

from messaging.models import MAX_TELEGRAM_ID, TelegramUpdate
from messaging.telegram.client import fit_text
from messaging.telegram.commands import answer

if TYPE_CHECKING:
    from collections.abc import Mapping

COMMAND = re.compile(r"/(?P<name>[A-Za-z0-9_]{1,32})(?:@\w+)?(?:\s+(?P<words>.*))?", re.DOTALL)


@transaction.atomic
def receive_update(*, update_id: int, message: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Process an Update, once however often it comes.

    Returns:
        The Bot API call to answer with, which Telegram then makes (``{"method": "sendMessage", …}``);
        empty if there is no answer.
    """
    _, is_new = TelegramUpdate.objects.get_or_create(pk=update_id)
    if not is_new:
        return {}
    match message:
        case {
            "chat": {"type": "private"},
            "from": {"id": int(sender), **author},
            "text": str(text),
        } if 0 < sender <= MAX_TELEGRAM_ID and (command := COMMAND.fullmatch(text.strip())):
            words = (command["words"] or "").strip()
            with translation.override(_language_of(author)):
                reply = answer(command["name"].lower(), words, sender)
            return {"method": "sendMessage", "chat_id": sender, "text": fit_text(reply)}
    return {}


def _language_of(author: Mapping[object, object]) -> str:
    """Return the language that a Telegram user has chosen there, if the project has it."""
    code = str(author.get("language_code", "")).lower().partition("-")[0]
    return code if code in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
