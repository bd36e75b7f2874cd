"""What ends with a user's activity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import User
from django.db.models.signals import post_save
from django.dispatch import receiver

from accounts.models import AccessToken

if TYPE_CHECKING:
    from collections.abc import Collection


@receiver(post_save, sender=User)
def end_tokens(instance: User, created: bool, update_fields: Collection[str] | None, **_: Any) -> None:
    """End the tokens of a user who is deactivated: they stay ended if the user is activated again."""
    may_have_changed = update_fields is None or "is_active" in update_fields
    if may_have_changed and not created and not instance.is_active:
        AccessToken.objects.filter(user=instance).delete()
