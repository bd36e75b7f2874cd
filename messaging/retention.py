"""Deleting what is no longer needed."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from messaging.models import OutgoingMessage, TelegramUpdate

MESSAGE_RETENTION = timedelta(days=90)
# Telegram repeats for a day what was not answered with 200.
UPDATE_RETENTION = timedelta(days=3)
State = OutgoingMessage.State


def delete_old_messages() -> None:
    """Delete what was finished long ago."""
    finished = OutgoingMessage.objects.exclude(state__in=[State.PENDING, State.SENDING])
    finished.filter(changed_at__lt=timezone.now() - MESSAGE_RETENTION).delete()


def delete_old_updates() -> None:
    """Delete the Updates that are too old for Telegram to send again."""
    TelegramUpdate.objects.filter(received_at__lt=timezone.now() - UPDATE_RETENTION).delete()
