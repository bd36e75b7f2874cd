"""Linking a Telegram account to a user, by a token that the user sends to the bot."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from api.problems.exceptions import Conflict, Problem
from core.secret_tokens import hash_token, new_token
from messaging import delivery
from messaging.models import LinkToken, TelegramAccount

if TYPE_CHECKING:
    from django.contrib.auth.models import User

LINK_SECONDS = 600

# One answer for every token that links nothing, so that a guess reveals nothing.
LINK_NOT_VALID = gettext_noop(
    "This code is not valid: it is unknown, expired, or has been used. Ask for a new link."
)
TELEGRAM_TAKEN = gettext_noop("This Telegram account is linked to another user: unlink it there first.")


def issue_link_token(*, user: User) -> str:
    """Return a new token for a link to the bot, valid for ``LINK_SECONDS``. It revokes the user's last."""
    token = new_token()
    expires_at = timezone.now() + timedelta(seconds=LINK_SECONDS)
    _upsert(LinkToken(user=user, token_hash=hash_token(token), expires_at=expires_at))
    return token


@transaction.atomic
def link_telegram(*, token: str, telegram_id: int, language: str = "") -> User:
    """Link a Telegram account to the user of the token, use the token up, and return the user.

    Another account that the user had linked is unlinked, and messages that found the user without an
    address are sent, in the ``language``. Twenty calls at once with one token::

        A                                B … T
        locks the token's row
                                         wait for the lock
        links, deletes the row, commits
                                         find no row: not valid

    Raises:
        Problem: the token is unknown, used, revoked or expired; the answer does not say which.
        Conflict: the Telegram account is another user's. The token stays valid.
    """
    asked = LinkToken.objects.select_for_update(of=["self", "user"], no_key=True).select_related("user")
    good = asked.filter(expires_at__gt=timezone.now(), user__is_active=True)
    link = good.filter(token_hash=hash_token(token)).first()
    if link is None:
        raise Problem(LINK_NOT_VALID)
    try:
        with transaction.atomic():
            _upsert(TelegramAccount(user=link.user, telegram_id=telegram_id, language=language))
    except IntegrityError as error:
        raise Conflict(TELEGRAM_TAKEN) from error
    user = link.user
    link.delete()
    delivery.revive_undeliverable(user)
    return user


@transaction.atomic
def unlink_telegram(*, user: User) -> None:
    """Delete the user's Telegram account and link token."""
    LinkToken.objects.filter(user=user).delete()
    TelegramAccount.objects.filter(user=user).delete()


def _upsert(row: LinkToken | TelegramAccount) -> None:
    """Write the row of a user, by one statement.

    ``update_or_create`` takes three, and raises IntegrityError if another request adds the row before its
    second and deletes it before its third.
    """
    names = [field.name for field in row._meta.concrete_fields if not field.primary_key]
    rows: Any = type(row)._default_manager
    rows.bulk_create([row], update_conflicts=True, unique_fields=["user"], update_fields=names)
