"""Sending notifications, each at most once however many send at the same time.

::

    claim, committed       due → sending       from here on no other sender takes it
    send
    record                 sending → sent      it arrived
                           sending → due       it did not: again later
                           sending → given_up  it never will, or too many attempts have failed
                           sending → uncertain it may have arrived, so it is not sent again

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
from tasks.models import Notification, Task
from tasks.notifications import Message, compose

if TYPE_CHECKING:
    from django.db.models import QuerySet

State = Notification.State

MAX_ATTEMPTS = 8  # over an hour, with the waits below
FIRST_WAIT_SECONDS = 30
MAX_WAIT_SECONDS = 3600
# Longer than sending one can take, by Telegram and then by e-mail.
MAX_SENDING_TIME = timedelta(minutes=5)
NOTIFICATION_RETENTION = timedelta(days=90)  # longer than an event can come up again


def deliver(notifications: QuerySet[Notification], *, seconds: float = 15) -> int:
    """Send those of the notifications that are due, for about so many seconds; return how many were sent."""
    sent, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        claimed = claim(notifications)
        if claimed is None:
            break
        notification, message = claimed
        if message is not None:
            sent += send(notification, message)
    return sent


@transaction.atomic
def claim(notifications: QuerySet[Notification]) -> tuple[Notification, Message | None] | None:
    """Return the notification that has been due for longest and no other sender holds, and its message.

    It is ``sending`` then, or ``obsolete`` if it no longer holds. Its task is read after it is locked:
    a change that makes it hold again waits for the lock (``notifications.revive``), or is seen here.
    """
    due = notifications.filter(state=State.DUE, due_at__lte=timezone.now())
    if telegram_pauses():
        due = due.filter(recipient__telegram=None)
    related = due.select_related("recipient").order_by("due_at")
    notification = related.select_for_update(of=["self"], skip_locked=True).first()
    if notification is None:
        return None
    if notification.task_id is not None:
        notification.task = Task.objects.select_related("task_list").get(pk=notification.task_id)
    message = compose(notification)
    if message is None:
        _record(notification, state=State.OBSOLETE)
    else:
        notification.attempts += 1
        _record(notification, state=State.SENDING, attempts=notification.attempts)
    return notification, message


def send(notification: Notification, message: Message) -> bool:
    """Send what was claimed and record the outcome; return whether it arrived for certain."""
    try:
        channel = reach(notification.recipient, message.subject, message.text)
    except NotDelivered as error:
        _record(notification, error=str(error), **_outcome(notification, error))
        return False
    _record(notification, state=State.SENT, channel=channel, error="")
    return True


def mark_uncertain() -> int:
    """Give up those whose sender was killed: they may have arrived. Return how many there were."""
    lost = Notification.objects.filter(state=State.SENDING, changed_at__lt=timezone.now() - MAX_SENDING_TIME)
    return lost.update(
        state=State.UNCERTAIN,
        changed_at=timezone.now(),
        error="The sender was lost while it sent this: it may have arrived.",
    )


def delete_old_notifications() -> None:
    """Delete those that reached a final state long ago."""
    done = Notification.objects.exclude(state__in=[State.DUE, State.SENDING])
    done.filter(changed_at__lt=timezone.now() - NOTIFICATION_RETENTION).delete()


def _outcome(notification: Notification, error: NotDelivered) -> dict[str, Any]:
    match error:
        case Unknown():
            return {"state": State.UNCERTAIN}
        case TryLater() if notification.attempts < MAX_ATTEMPTS:
            return {
                "state": State.DUE,
                "due_at": timezone.now() + _wait(notification.attempts, error.retry_after),
            }
        case TryLater() | Refused():
            return {"state": State.GIVEN_UP}
    raise error


def _wait(attempts: int, retry_after: float) -> timedelta:
    """Return the time to the next attempt: exponential backoff with jitter."""
    backoff = min(FIRST_WAIT_SECONDS * 2 ** (attempts - 1), MAX_WAIT_SECONDS)
    return timedelta(seconds=max(retry_after, backoff) + random.uniform(0, backoff / 4))  # noqa: S311  (jitter)


def _record(notification: Notification, **values: Any) -> None:
    Notification.objects.filter(pk=notification.pk).update(changed_at=timezone.now(), **values)
