"""Celery's entry points. Each may be repeated, lost or run twice at once.

What an action publishes is a shortcut: ``deliver_due``, which beat sends every few seconds, finds
whatever is due.
"""

from __future__ import annotations

from celery import shared_task

from core.celery import summary
from messaging import dispatch, retention
from messaging.models import OutgoingMessage


@shared_task
def deliver(message_ids: list[int]) -> str:
    """Send some messages now."""
    return summary(messages_sent=dispatch.dispatch(OutgoingMessage.objects.filter(pk__in=message_ids)))


@shared_task
def deliver_due() -> str:
    """Send whatever is due."""
    uncertain = dispatch.mark_uncertain()
    return summary(uncertain=uncertain, messages_sent=dispatch.dispatch(OutgoingMessage.objects.all()))


@shared_task
def delete_old_messages() -> None:
    """Delete the messages that were finished long ago."""
    retention.delete_old_messages()


@shared_task
def delete_old_updates() -> None:
    """Delete the Updates that Telegram will not send again."""
    retention.delete_old_updates()
