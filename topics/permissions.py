"""Who may do what to a topic."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User


def may_change(user: User | AnonymousUser, created_by: int | None) -> bool:
    """Whether a user may rename and delete the topic of that creator: the creator, and staff."""
    return user.is_staff or (created_by is not None and created_by == user.pk)
