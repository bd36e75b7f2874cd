"""Background work of the dashboard."""

from __future__ import annotations

from celery import shared_task

from monitoring.dashboard import sums


@shared_task
def merge_sums() -> None:
    sums.merge()
