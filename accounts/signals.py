"""What signing in leaves in a session, and what ends with a user's activity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils import timezone

from accounts.models import AccessToken
from accounts.passwords import end_sessions
from accounts.sessions import SIGN_IN, describe_sign_in
from messaging.telegram.linking import unlink_telegram

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.http import HttpRequest


@receiver(user_logged_in)
def describe_session(request: HttpRequest, **_: Any) -> None:
    """Note in the session when it began, and in which program."""
    request.session[SIGN_IN] = describe_sign_in(request.headers.get("User-Agent", ""), timezone.now())


@receiver(post_save, sender=User)
def end_credentials(instance: User, created: bool, update_fields: Collection[str] | None, **_: Any) -> None:
    """End what a deactivated user has: it stays ended if the user is activated again."""
    may_have_changed = update_fields is None or "is_active" in update_fields
    if may_have_changed and not created and not instance.is_active:
        AccessToken.objects.filter(user=instance).delete()
        end_sessions(user=instance)
        unlink_telegram(user=instance)
