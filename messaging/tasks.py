"""Celery's entry points."""

from __future__ import annotations

from celery import shared_task

from messaging.telegram import linking


@shared_task
def delete_old_updates() -> None:
    """Delete the Updates that Telegram will not send again."""
    linking.delete_old_updates()
