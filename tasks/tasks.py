"""Celery's entry points. Each may be repeated, lost or run twice at once.

What an action publishes is a shortcut: ``deliver_due``, which beat sends every few seconds, finds
whatever is due.
"""

from __future__ import annotations

from celery import shared_task

from tasks import deadlines, delivery
from tasks.models import Notice


@shared_task
def deliver(notice_ids: list[int]) -> None:
    """Send some notices now."""
    delivery.deliver(Notice.objects.filter(pk__in=notice_ids))


@shared_task
def deliver_due() -> None:
    """Send whatever is due."""
    delivery.mark_uncertain()
    delivery.deliver(Notice.objects.all())


@shared_task
def forget_old_notices() -> None:
    """Delete what was dealt with long ago."""
    delivery.forget_old_notices()


@shared_task
def watch_deadlines() -> None:
    """Turn overdue what has passed its deadline; remind of what will."""
    deadlines.turn_overdue()
    deadlines.remind()
    deliver_due.publish()
