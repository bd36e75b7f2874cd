"""Signing in by a password, for the API, the pages and the admin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.backends import ModelBackend

from accounts.names import find_user

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest


class FoldedNameBackend(ModelBackend):
    """Django's, which finds the user by the folded name: ``Anna`` may sign in as ``anna``."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> User | None:
        """Return the user if the password is right. An unknown name takes as long as a wrong password."""
        if username is None or password is None:
            return None
        user = find_user(username)
        stored = username if user is None else user.get_username()
        return super().authenticate(request, username=stored, password=password, **kwargs)
