"""By what requests prove whose they are: access tokens of API clients, and sessions of browsers.

A token is stored as a hash only (core/secret_tokens.py): reading the database, or the SQL in a log, is
not enough to sign in with it. django-rest-knox stores hashes as well, but has no list of tokens over the
API and does not end them with the password, so it would save no code.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.secret_tokens import HASH_CHARACTERS

if TYPE_CHECKING:
    from django.contrib.auth.models import User


MAX_AGENT_CHARACTERS = 200


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


class SessionQuerySet(models.QuerySet["Session"]):
    def valid(self, user: User) -> SessionQuerySet:
        """Return the sessions in which a user is signed in now."""
        return self.filter(user=user, auth_hash=user.get_session_auth_hash(), expire_date__gt=timezone.now())


class Session(AbstractBaseSession):
    """A session of Django's, with what it holds of its user (accounts/sessions.py).

    ``public_id`` follows from the key, which is a secret: the admin shows primary keys, in addresses, too.
    ``auth_hash`` is that of the password, as in ``AccessToken``. ``user`` has no constraint in the database:
    saving a session never fails because its user is being deleted, and a session without a user signs no one
    in.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="sessions",
        null=True,
        db_constraint=False,
    )
    public_id = models.CharField(max_length=32, primary_key=True, editable=False)
    session_key = models.CharField(_("session key"), max_length=40, unique=True, editable=False)
    auth_hash = models.CharField(max_length=HASH_CHARACTERS, blank=True, editable=False)
    agent = models.CharField(max_length=MAX_AGENT_CHARACTERS, blank=True, editable=False)
    signed_in_at = models.DateTimeField(null=True, editable=False)

    objects = SessionQuerySet.as_manager()  # type: ignore[misc, assignment]  # as Django's, less save()

    class Meta(AbstractBaseSession.Meta):
        ordering = ["-signed_in_at", "public_id"]

    def __str__(self) -> str:
        return f"{self.user}, {self.signed_in_at:%Y-%m-%d %H:%M}" if self.signed_in_at else str(self.user)


class PasswordResetRequest(models.Model):
    """Someone entered an e-mail address to reset a password: the request does not look whose it is.

    A worker does, and deletes the row (accounts/password_reset.py). So the answer takes as long for an
    address that no user has.
    """

    email = models.EmailField()
    language = models.CharField(max_length=10)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.email}, {self.created_at:%Y-%m-%d %H:%M}"
