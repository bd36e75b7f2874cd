"""Sending notices, each at most once however many send at the same time.

::

    claim, committed       due → sending       from here on nobody else takes it
    send
    record                 sending → sent      it arrived
                           sending → due       it did not: again later
                           sending → given_up  it never will, or too many attempts have failed
                           sending → uncertain it may have arrived, so never again

A sender that is killed in between leaves ``sending`` behind; ``mark_uncertain`` finds it.
"""

from __future__ import annotations

import random
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from messaging.notify import NotDelivered, Refused, TryLater, Unknown, reach, telegram_pauses
from tasks.models import Notice
from tasks.notices import Message, compose

if TYPE_CHECKING:
    from django.db.models import QuerySet

State = Notice.State

MOST_ATTEMPTS = 8  # over an hour, with the waits below
FIRST_WAIT_SECONDS = 30
MOST_WAIT_SECONDS = 3600
# Longer than sending one can take, by Telegram and then by mail.
SENDING_KEPT = timedelta(minutes=5)
NOTICES_KEPT = timedelta(days=90)  # and longer than what they are about may be told again


def deliver(notices: QuerySet[Notice], *, seconds: float = 15) -> int:
    """Send those of the notices that are due, for about so many seconds; how many were sent."""
    sent, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        claimed = claim(notices)
        if claimed is None:
            break
        notice, message = claimed
        if message is not None:
            sent += send(notice, message)
    return sent


@transaction.atomic
def claim(notices: QuerySet[Notice]) -> tuple[Notice, Message | None] | None:
    """Take the notice that has been due for longest and is nobody else's, with what it says now.

    It is ``sending`` then, or ``obsolete`` if there is nothing to say any more.
    """
    due = notices.filter(state=State.DUE, due_at__lte=timezone.now())
    if telegram_pauses():
        due = due.filter(recipient__telegram=None)
    related = due.select_related("recipient", "task__task_list").order_by("due_at")
    notice = related.select_for_update(of=["self"], skip_locked=True).first()
    if notice is None:
        return None
    message = compose(notice)
    if message is None:
        _record(notice, state=State.OBSOLETE)
    else:
        notice.attempts += 1
        _record(notice, state=State.SENDING, attempts=notice.attempts)
    return notice, message


def send(notice: Notice, message: Message) -> bool:
    """Send what was claimed and record what became of it; whether it arrived for certain."""
    try:
        channel = reach(notice.recipient, message.subject, message.text)
    except NotDelivered as error:
        _record(notice, error=str(error), **_outcome(notice, error))
        return False
    _record(notice, state=State.SENT, channel=channel, error="")
    return True


def mark_uncertain() -> int:
    """Give up those whose sender has gone: whether they arrived nobody knows. How many there were."""
    lost = Notice.objects.filter(state=State.SENDING, changed_at__lt=timezone.now() - SENDING_KEPT)
    return lost.update(
        state=State.UNCERTAIN,
        changed_at=timezone.now(),
        error="The sender was lost while it sent this: it may have arrived.",
    )


def forget_old_notices() -> None:
    """Delete what was dealt with long ago."""
    done = Notice.objects.exclude(state__in=[State.DUE, State.SENDING])
    done.filter(changed_at__lt=timezone.now() - NOTICES_KEPT).delete()


def _outcome(notice: Notice, error: NotDelivered) -> dict[str, Any]:
    match error:
        case Unknown():
            return {"state": State.UNCERTAIN}
        case TryLater() if notice.attempts < MOST_ATTEMPTS:
            return {"state": State.DUE, "due_at": timezone.now() + _wait(notice.attempts, error.retry_after)}
        case TryLater() | Refused():
            return {"state": State.GIVEN_UP}
    raise error


def _wait(attempts: int, retry_after: float) -> timedelta:
    """Twice as long each time, and scattered, lest all that failed together come back together."""
    backoff = min(FIRST_WAIT_SECONDS * 2 ** (attempts - 1), MOST_WAIT_SECONDS)
    return timedelta(seconds=max(retry_after, backoff) + random.uniform(0, backoff / 4))  # noqa: S311  (jitter)


def _record(notice: Notice, **values: Any) -> None:
    Notice.objects.filter(pk=notice.pk).update(changed_at=timezone.now(), **values)
