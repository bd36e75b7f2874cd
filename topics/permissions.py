"""Who may do what to a topic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import SAFE_METHODS, IsAuthenticated

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User
    from rest_framework.request import Request

    from topics.models import Topic

CREATOR_ONLY = _("Only its creator and staff may change or delete a topic.")


def may_change(user: User | AnonymousUser, created_by: int | None) -> bool:
    """Return whether a user may rename and delete the topic of that creator: the creator, and staff."""
    return user.is_staff or (created_by is not None and created_by == user.pk)


class TopicPermission(IsAuthenticated):
    """All signed-in users read, create and follow topics; the rest is for the creator and staff."""

    message = None

    def has_object_permission(self, request: Request, view: Any, obj: Topic) -> bool:
        if request.method in SAFE_METHODS or view.action in {"subscribe", "unsubscribe"}:
            return True
        if may_change(request.user, obj.created_by_id):
            return True
        self.message = CREATOR_ONLY
        return False
