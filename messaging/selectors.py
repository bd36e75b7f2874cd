"""Where a user can be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from messaging.models import VerifiedEmail

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def verified_address(user: User) -> str:
    """Return the user's e-mail if it is verified, else an empty string."""
    try:
        return user.email if user.verified_email.address == user.email else ""
    except VerifiedEmail.DoesNotExist:
        return ""
