"""Celery's entry points."""

from __future__ import annotations

from celery import shared_task

from accounts import actions


@shared_task
def forget_old_updates() -> None:
    """Delete the Updates that Telegram will not send again."""
    actions.forget_old_updates()
