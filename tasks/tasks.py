"""Celery tasks. Each may be repeated, lost or run twice at once.

What an action publishes is a shortcut: ``deliver_due``, which beat publishes every few seconds, finds
all that is due.
"""

from __future__ import annotations

from celery import shared_task

from tasks import deadlines, delivery
from tasks.models import Notification


@shared_task
def deliver(notification_ids: list[int]) -> None:
    """Send some notifications now."""
    delivery.deliver(Notification.objects.filter(pk__in=notification_ids))


@shared_task
def deliver_due() -> None:
    """Send all notifications that are due."""
    delivery.mark_uncertain()
    delivery.deliver(Notification.objects.all())


@shared_task
def delete_old_notifications() -> None:
    """Delete notifications that reached a final state long ago."""
    delivery.delete_old_notifications()


@shared_task
def watch_deadlines() -> None:
    """Mark the tasks whose deadline has passed, and remind of those that come near."""
    deadlines.mark_overdue()
    deadlines.remind()
    deliver_due.publish()
