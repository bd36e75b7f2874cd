"""Access tokens: how API clients prove whose requests they send, beside passwords and sessions.

A token is stored as a hash only (core/secret_tokens.py): reading the database, or the SQL in a log, is
not enough to sign in with it. django-rest-knox stores hashes as well, but has no list of tokens over the
API and does not end them with the password, so it would save no code.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone

from core.secret_tokens import HASH_CHARACTERS

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def token_expiry() -> datetime:
    """Return until when a token is valid that is issued now."""
    return timezone.now() + timedelta(days=settings.TOKEN_TTL_DAYS)


class AccessTokenQuerySet(models.QuerySet["AccessToken"]):
    def valid(self, user: User) -> AccessTokenQuerySet:
        """Return the tokens of a user that are accepted now."""
        return self.filter(user=user, auth_hash=user.get_session_auth_hash(), expires_at__gt=timezone.now())


class AccessToken(models.Model):
    """What a client sends as ``Authorization: Token …``; a user has one for each sign-in.

    ``auth_hash`` is that of the password, as Django keeps it in sessions: a token is valid while the
    user's is the same, so it ends when the password changes, however that is done.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="access_tokens")
    token_hash = models.CharField(max_length=HASH_CHARACTERS, unique=True, editable=False)
    auth_hash = models.CharField(max_length=HASH_CHARACTERS, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(default=token_expiry, db_index=True)

    objects = AccessTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.user}, {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def is_valid(self) -> bool:
        """Whether it is accepted now: not expired, of an active user, of the present password."""
        user: User = self.user
        is_current = self.auth_hash == user.get_session_auth_hash()
        return user.is_active and is_current and self.expires_at > timezone.now()
