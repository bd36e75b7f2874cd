"""Finding users by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import User
from django.db.models import Q

from core.names import NameKey, name_key

if TYPE_CHECKING:
    from django.db.models import QuerySet

SEARCHED = ("username", "first_name", "last_name")


def search_users(text: str) -> QuerySet[User]:
    """Return the active users whose username, first or last name begins with each word.

    Each of the three has an index for prefixes (migration 0005).
    """
    users = User.objects.filter(is_active=True).alias(
        **{f"{field}_key": NameKey(field) for field in SEARCHED}
    )
    for word in name_key(text).split():
        found = Q()
        for field in SEARCHED:
            found |= Q(**{f"{field}_key__startswith": word})
        users = users.filter(found)
    return users.order_by("username", "pk")
