"""How the bot answers an Update that Telegram sends (https://core.telegram.org/bots/api#update).

Only ``/start <token>`` in a private chat has a meaning. Everything else is answered with 200 as well,
because Telegram repeats for a day what is not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.db import transaction

from api.problems.exceptions import Problem
from messaging.models import MAX_TELEGRAM_ID, TelegramUpdate
from messaging.telegram.linking import link_telegram

if TYPE_CHECKING:
    from collections.abc import Mapping

START = re.compile(r"/start(?:@\w+)?(?:\s+(\S+))?\s*")
WELCOME = "Hello! To link this chat ask for a link where you are signed in, then follow it."


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
            "from": {"id": int(sender)},
            "text": str(text),
        } if 0 < sender <= MAX_TELEGRAM_ID:
            reply = _answer(text, sender)
            return {"method": "sendMessage", "chat_id": sender, "text": reply} if reply else {}
    return {}


def _answer(text: str, telegram_id: int) -> str:
    start = START.fullmatch(text)
    if start is None:
        return ""
    if start[1] is None:
        return WELCOME
    try:
        user = link_telegram(token=start[1], telegram_id=telegram_id)
    except Problem as problem:
        return str(problem.detail)
    return f"Linked: you are {user.get_username()}."
