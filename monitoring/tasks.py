"""Background work of the dashboard and of the history that it shows."""

from __future__ import annotations

from celery import shared_task

from core.history import delete_old_entries
from monitoring.dashboard import sums


@shared_task
def merge_sums() -> None:
    sums.merge()


@shared_task
def delete_old_history() -> None:
    """Delete old entries of the history of changes."""
    delete_old_entries()
