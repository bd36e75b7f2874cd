"""Linking a Telegram account to a user, by a token that the user sends to the bot."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from api.problems.exceptions import Conflict, Problem
from core.secret_tokens import hash_token, new_token
from messaging.models import LinkToken, TelegramAccount, TelegramUpdate

if TYPE_CHECKING:
    from django.contrib.auth.models import User

LINK_SECONDS = 600
# Telegram repeats for a day what was not answered with 200.
UPDATE_RETENTION = timedelta(days=3)

# One answer for every token that links nothing, so that a guess reveals nothing.
LINK_NOT_VALID = gettext_noop(
    "This code is not valid: it is unknown, expired, or has been used. Ask for a new link."
)
TELEGRAM_TAKEN = gettext_noop("This Telegram account is linked to another user: unlink it there first.")


def issue_link_token(*, user: User) -> str:
    """Return a new token for a link to the bot, valid for ``LINK_SECONDS``. It revokes the user's last."""
    token = new_token()
    expires_at = timezone.now() + timedelta(seconds=LINK_SECONDS)
    values = {"token_hash": hash_token(token), "expires_at": expires_at}
    LinkToken.objects.update_or_create(user=user, defaults=values)
    return token


@transaction.atomic
def link_telegram(*, token: str, telegram_id: int) -> User:
    """Link a Telegram account to the user of the token, use the token up, and return the user.

    Another account that the user had linked is unlinked. Twenty calls at once with one token::

        A                                B … T
        locks the token's row
                                         wait for the lock
        links, deletes the row, commits
                                         find no row: not valid

    Raises:
        Problem: the token is unknown, used, revoked or expired; the answer does not say which.
        Conflict: the Telegram account is another user's. The token stays valid.
    """
    asked = LinkToken.objects.select_for_update(of=["self"]).select_related("user")
    good = asked.filter(expires_at__gt=timezone.now(), user__is_active=True)
    link = good.filter(token_hash=hash_token(token)).first()
    if link is None:
        raise Problem(LINK_NOT_VALID)
    values = {"telegram_id": telegram_id, "linked_at": timezone.now()}
    try:
        with transaction.atomic():
            TelegramAccount.objects.update_or_create(user=link.user, defaults=values)
    except IntegrityError as error:
        raise Conflict(TELEGRAM_TAKEN) from error
    user = link.user
    link.delete()
    return user


@transaction.atomic
def unlink_telegram(*, user: User) -> None:
    """Delete the user's Telegram account and link token."""
    LinkToken.objects.filter(user=user).delete()
    TelegramAccount.objects.filter(user=user).delete()


def delete_old_updates() -> None:
    """Delete the Updates that are too old for Telegram to send again."""
    TelegramUpdate.objects.filter(received_at__lt=timezone.now() - UPDATE_RETENTION).delete()
