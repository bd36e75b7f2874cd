"""Sending recorded messages, each at most once however many workers do it.

::

    claim, committed       pending → sending      no other worker takes it from here on
    send
    record                 sending → sent         it arrived
                           sending → pending      it did not: again later, or by mail after Telegram
                           sending → given_up     it never will (messaging/retries.py decides)
                           sending → uncertain    it may have arrived, so it is not sent again

    nothing to say         pending → obsolete     delivery.send with the same key revives it
    an address at last     given_up → pending     for what was given up because there was none

A worker that is killed before the claim is committed leaves ``pending``: the message is sent later. One
that is killed after it leaves ``sending``, which ``mark_uncertain`` turns into ``uncertain`` when the
claim has expired. Staff see those in the admin and may send them again.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from messaging import retries
from messaging.channels import EMAIL, TELEGRAM, is_paused
from messaging.composers import Content, compose
from messaging.email import send_mail
from messaging.errors import NO_ADDRESS, NotDelivered, PermanentFailure
from messaging.models import OutgoingMessage
from messaging.selectors import verified_address
from messaging.telegram.client import send_message

if TYPE_CHECKING:
    from django.db.models import QuerySet

logger = logging.getLogger(__name__)
State = OutgoingMessage.State

CLAIM_DURATION = timedelta(minutes=5)  # longer than one attempt can take


class Claim(NamedTuple):
    """A message that this worker has taken. Without content there is nothing to send."""

    message: OutgoingMessage
    content: Content | None


def dispatch(messages: QuerySet[OutgoingMessage], *, seconds: float = 15) -> int:
    """Send those of the messages that are due, for about so many seconds, and return how many were sent."""
    sent, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        claimed = claim(messages)
        if claimed is None:
            break
        if claimed.content is not None:
            sent += attempt(claimed.message, claimed.content)
    return sent


@transaction.atomic
def claim(messages: QuerySet[OutgoingMessage]) -> Claim | None:
    """Take the message that has been due longest and that no other worker holds; None if there is none."""
    due = messages.filter(state=State.PENDING, due_at__lte=timezone.now()).filter(_open_channels())
    related = due.select_related("user__telegram", "user__verified_email").order_by("due_at")
    message = related.select_for_update(of=("self",), skip_locked=True).first()
    if message is None:
        return None
    message.attempts += 1
    try:
        with transaction.atomic():  # a statement of the composer may fail
            content = compose(message)
    except Exception as error:
        logger.exception("%s cannot be composed", message)
        _record(message, error=f"Cannot be composed: {error!r}", **retries.after_composing_failed(message))
        return Claim(message, None)
    if content is None:
        _record(message, state=State.OBSOLETE)
    else:
        _record(message, state=State.SENDING, attempts=message.attempts)
        message.state = State.SENDING
    return Claim(message, content)


def attempt(message: OutgoingMessage, content: Content) -> bool:
    """Send what was claimed and record the outcome. Return whether it arrived for certain."""
    channel = _channel_of(message, content)
    address = content.address or verified_address(message.user)
    try:
        if channel == TELEGRAM:
            send_message(message.user.telegram.telegram_id, f"{content.subject}\n\n{content.text}")
        elif address:
            send_mail(address, content.subject, content.text, content.attachments)
        else:
            raise PermanentFailure(f"No Telegram account and {NO_ADDRESS}")
    except NotDelivered as error:
        can_mail = channel == TELEGRAM and bool(address)
        values = {"error": str(error), **retries.after_failure(message, error, can_mail=can_mail)}
        if values["state"] == State.GIVEN_UP and not address:
            _give_up_until_there_is_an_address(message, channel, values)
        else:
            _record(message, **values)
        return False
    _record(message, state=State.SENT, channel=channel, error="")
    return True


@transaction.atomic
def _give_up_until_there_is_an_address(
    message: OutgoingMessage, channel: str, values: dict[str, Any]
) -> None:
    """Give a message up so that ``delivery.revive_undeliverable`` finds it.

    A user who verifies an address or links an account at this moment holds the lock, or waits for it.
    """
    User.objects.select_for_update(no_key=True).get(pk=message.user_id)
    user = User.objects.select_related("telegram", "verified_email").get(pk=message.user_id)
    by_telegram = channel == EMAIL and hasattr(user, "telegram") and not message.mail_only
    if by_telegram or verified_address(user):
        values = {"state": State.PENDING, "attempts": 0}
    elif not values["error"].endswith(NO_ADDRESS):
        values["error"] += f"; {NO_ADDRESS}"
    _record(message, **values)


def mark_uncertain() -> int:
    """Mark those whose claim has expired: the worker was lost. Return how many there were."""
    now = timezone.now()
    lost = OutgoingMessage.objects.filter(state=State.SENDING, changed_at__lt=now - CLAIM_DURATION)
    error = "The worker was lost while it sent this: it may have arrived."
    return lost.update(state=State.UNCERTAIN, changed_at=now, error=error)


def _channel_of(message: OutgoingMessage, content: Content) -> str:
    must_mail = message.mail_only or message.channel == EMAIL or content.attachments or content.address
    by_telegram = settings.TELEGRAM_BOT_TOKEN and hasattr(message.user, "telegram") and not must_mail
    return TELEGRAM if by_telegram else EMAIL


def _open_channels() -> Q:
    """Return the condition for messages whose channel is not paused."""
    by_telegram = Q(mail_only=False, user__telegram__isnull=False) & ~Q(channel=EMAIL)
    if not settings.TELEGRAM_BOT_TOKEN:
        by_telegram = Q(pk__isnull=True)
    found = Q()
    if is_paused(TELEGRAM):
        found &= ~by_telegram
    if is_paused(EMAIL):
        found &= by_telegram
    return found


def _record(message: OutgoingMessage, **values: Any) -> None:
    """Write the row, if it is still as this worker left it: a claim that has expired is not overwritten."""
    unchanged = OutgoingMessage.objects.filter(
        pk=message.pk, state=message.state, changed_at=message.changed_at
    )
    message.changed_at = timezone.now()
    unchanged.update(changed_at=message.changed_at, **values)
