"""Celery's entry point. It may be repeated, lost or run twice at once."""

from __future__ import annotations

from celery import shared_task

from core.celery import summary
from messaging.tasks import deliver_due
from tasks import deadlines


@shared_task
def watch_deadlines() -> str:
    """Mark the tasks whose deadline has passed, and remind of those that come near."""
    done = summary(overdue=deadlines.mark_overdue(), reminders=deadlines.remind())
    deliver_due.publish()
    return done
