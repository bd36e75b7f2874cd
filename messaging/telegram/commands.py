"""What the bot does when a user writes a command to it.

An app registers its commands in a module that its AppConfig imports::

    @command("tasks", _("your open tasks"))
    def list_tasks(user: User, words: str) -> str:
        ...  # the answer, in the language that is active

Answers are plain texts, without a ``parse_mode``: nothing in a name is markup.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from django.conf import settings
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from api.problems.exceptions import Problem
from messaging.models import TelegramAccount
from messaging.telegram.linking import link_telegram, unlink_telegram

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.utils.functional import _StrPromise

    Run = Callable[[User, str], str]

WELCOME = _("Hello! To link this chat ask for a link where you are signed in, then follow it.")
NOT_LINKED = _("This chat is not linked to a user.")


class Command(NamedTuple):
    description: _StrPromise
    run: Run


_commands: dict[str, Command] = {}


def command(name: str, description: _StrPromise) -> Callable[[Run], Run]:
    """Return a decorator that registers a function as what ``/name`` does for a linked user."""

    def register(run: Run) -> Run:
        _commands[name] = Command(description, run)
        return run

    return register


def answer(name: str, words: str, telegram_id: int) -> str:
    """Carry out a command of a Telegram user, and return the answer. An unknown command gets the help."""
    if name == "start":
        return _start(words, telegram_id)
    if name not in _commands:
        return help_text()
    accounts = TelegramAccount.objects.select_related("user").filter(user__is_active=True)
    account = accounts.filter(telegram_id=telegram_id).first()
    if account is None:
        return f"{NOT_LINKED} {WELCOME}"
    _follow_language(account)
    return _commands[name].run(account.user, words)


def _follow_language(account: TelegramAccount) -> None:
    """Have later messages to the chat written in the language of the bot's answers."""
    language = get_language() or settings.LANGUAGE_CODE
    if account.language != language:
        TelegramAccount.objects.filter(pk=account.pk).update(language=language)


def help_text() -> str:
    """Return every command with what it does."""
    lines = [f"/{name} — {one.description}" for name, one in sorted(_commands.items())]
    return "\n".join([gettext("What I understand:"), *lines, f"/help — {gettext('this list')}"])


def _start(token: str, telegram_id: int) -> str:
    if not token:
        return f"{WELCOME}\n\n{help_text()}"
    try:
        user = link_telegram(token=token, telegram_id=telegram_id, language=get_language() or "")
    except Problem as problem:
        return gettext(str(problem.detail))
    return gettext("Linked: you are %(name)s.") % {"name": user.get_username()}


@command("unlink", _("end the link between this chat and your account"))
def unlink(user: User, words: str) -> str:  # noqa: ARG001
    unlink_telegram(user=user)
    return gettext("This chat is not linked any more.")
