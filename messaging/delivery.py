"""Telling a user something. Apps call ``send``; messaging/dispatch.py does the rest.

::

    with transaction.atomic():
        enrollment = Enrollment.objects.create(...)
        delivery.send(user=user, kind="courses.enrolled", payload={"enrollment": enrollment.pk},
                      dedupe_key=f"courses.enrolled:{enrollment.pk}", mail_only=True)

The message is a row of the transaction, so it goes out if and only if the change is committed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from messaging.composers import TEXT
from messaging.errors import NO_ADDRESS
from messaging.models import OutgoingMessage
from messaging.tasks import deliver

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.contrib.auth.models import User

State = OutgoingMessage.State
MAX_PUBLISHED = 500  # the others are found by the periodic task


def send(
    *,
    user: User,
    dedupe_key: str,
    subject: str = "",
    text: str = "",
    kind: str = TEXT,
    payload: dict[str, Any] | None = None,
    mail_only: bool = False,
) -> None:
    """Record a message and send it after the commit; once, however often it is recorded.

    Args:
        user: who gets it: by Telegram where linked, else by e-mail to the verified address.
        dedupe_key: what is said, such as ``"courses.enrolled:17"``. A key that exists sends nothing,
            except that a message that had become obsolete is sent after all.
        subject: of a message whose words are fixed now.
        text: of a message whose words are fixed now.
        kind: of a message that a composer makes when it is sent, from the payload.
        payload: JSON for the composer: ids, no secrets and no file contents.
        mail_only: never by Telegram, as what has attachments.
    """
    content = {"subject": subject, "text": text} if payload is None else payload
    send_all(
        [OutgoingMessage(user=user, kind=kind, payload=content, dedupe_key=dedupe_key, mail_only=mail_only)]
    )


@transaction.atomic
def send_all(messages: Sequence[OutgoingMessage]) -> None:
    """Record many unsaved messages, as ``send`` does one, by three statements.

    A dispatcher that finds one obsolete holds its row's lock: the update waits for it and revives
    the row, so a message that is wanted again is not lost.
    """
    OutgoingMessage.objects.bulk_create(messages, ignore_conflicts=True)
    rows = OutgoingMessage.objects.filter(dedupe_key__in=[message.dedupe_key for message in messages])
    rows.filter(state__in=[State.PENDING, State.OBSOLETE]).update(
        state=State.PENDING, changed_at=timezone.now()
    )
    publish(list(rows.filter(state=State.PENDING).values_list("pk", flat=True)[:MAX_PUBLISHED]))


def send_again(messages: Any) -> list[OutgoingMessage]:
    """Send those of the messages that were given up or are uncertain, and return them with their users."""
    with transaction.atomic():
        failed = messages.filter(state__in=[State.GIVEN_UP, State.UNCERTAIN]).select_related("user")
        rows = list(failed.only("kind", "user__username").select_for_update(of=("self",)))
        ids = [row.pk for row in rows]
        now = timezone.now()
        OutgoingMessage.objects.filter(pk__in=ids).update(
            state=State.PENDING, attempts=0, channel="", error="", due_at=now, created_at=now, changed_at=now
        )
        publish(ids)
    return rows


def revive_undeliverable(user: User) -> None:
    """Send what was given up because the user had no address.

    For the transaction in which the user gets one, under the lock of the user's row. What has become
    obsolete since is not sent: its composer says so.
    """
    given_up = OutgoingMessage.objects.filter(user=user, state=State.GIVEN_UP)
    send_again(given_up.filter(error__endswith=NO_ADDRESS))


def publish(message_ids: list[int]) -> None:
    """Have a worker send the messages after the commit."""
    if message_ids:
        deliver.delay_on_commit(message_ids)
