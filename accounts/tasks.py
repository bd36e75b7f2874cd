"""Celery's entry points."""

from __future__ import annotations

from celery import shared_task
from django.core.management import call_command

from accounts import actions


@shared_task
def forget_old_updates() -> None:
    """Delete the Updates that Telegram will not send again."""
    actions.forget_old_updates()


@shared_task
def forget_old_sessions() -> None:
    """Delete the sessions that have expired: Django itself leaves them."""
    call_command("clearsessions")
