"""The signed-in user, and what every user may see of another."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib.auth.models import User
from rest_framework import serializers

if TYPE_CHECKING:
    from django.http import HttpRequest
    from rest_framework.request import Request

PUBLIC_FIELDS = ["id", "username", "first_name", "last_name", "date_joined"]
# In the place of the model's texts, which are for the forms of the admin.
USER_TEXTS = {
    "username": {"help_text": "The name to sign in with, unique whatever its case."},
    "is_staff": {"help_text": "Whether the user may open the admin pages."},
}


def current_user(request: Request | HttpRequest) -> User:
    """Return the signed-in user, in a view whose permissions admit no one else."""
    return cast("User", request.user)


class PublicUserSerializer(serializers.ModelSerializer[User]):
    """What every signed-in user may know of another."""

    class Meta:
        model = User
        fields = PUBLIC_FIELDS
        extra_kwargs = USER_TEXTS
