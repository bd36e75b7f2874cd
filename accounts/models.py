"""How users prove who they are, beside Django's own passwords and sessions.

A token is stored as a hash only (core/secret_tokens.py): whoever reads the database, or the SQL
in a log, cannot sign in with it.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from core.secret_tokens import HASH_CHARACTERS


class AccessToken(models.Model):
    """What one client shows as ``Authorization: Token …``; a user has one for each sign-in."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="access_tokens")
    token_hash = models.CharField(max_length=HASH_CHARACTERS, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.user}, {self.created_at:%Y-%m-%d %H:%M}"
