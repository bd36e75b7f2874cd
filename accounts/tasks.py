"""Celery's entry points."""

from __future__ import annotations

from celery import shared_task
from django.core.management import call_command
from django.utils import timezone

from accounts import reset_mails
from accounts.models import AccessToken


@shared_task
def delete_expired_sessions() -> None:
    """Delete the sessions that have expired: Django itself leaves them."""
    call_command("clearsessions")


@shared_task
def delete_expired_tokens() -> None:
    """Delete the access tokens that have expired."""
    AccessToken.objects.filter(expires_at__lte=timezone.now()).delete()


@shared_task
def answer_password_resets() -> None:
    """Send the mails that reset passwords, for the requests that wait."""
    reset_mails.answer_requests()
