"""Celery's entry points."""

from __future__ import annotations

from celery import shared_task
from django.core.management import call_command


@shared_task
def delete_expired_sessions() -> None:
    """Delete the sessions that have expired: Django itself leaves them."""
    call_command("clearsessions")
