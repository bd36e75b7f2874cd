"""How users prove who they are, beside Django's own passwords and sessions.

A token is stored as a hash only (accounts/secret_tokens.py): whoever reads the database, or the SQL
in a log, cannot sign in with what he finds.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from accounts.secret_tokens import HASH_CHARACTERS

MOST_TELEGRAM_ID = 2**63 - 1


class AccessToken(models.Model):
    """What one client shows as ``Authorization: Token …``; a user has one for each sign-in."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="access_tokens")
    token_hash = models.CharField(max_length=HASH_CHARACTERS, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.user}, {self.created_at:%Y-%m-%d %H:%M}"


class LinkToken(models.Model):
    """A link to the Telegram bot that a user has asked for and not yet followed.

    One row for a user: the next link takes the place of the last, and whoever follows it deletes it.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="link_token"
    )
    token_hash = models.CharField(max_length=HASH_CHARACTERS, unique=True, editable=False)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user}, until {self.expires_at:%Y-%m-%d %H:%M}"


class TelegramAccount(models.Model):
    """The Telegram user that a user is, by the number that Telegram gives to each."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="telegram"
    )
    telegram_id = models.BigIntegerField(unique=True)
    linked_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(telegram_id__gt=0), name="telegram_id_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.telegram_id}"


class TelegramUpdate(models.Model):
    """An Update of the Bot API that has been dealt with: Telegram may send it again."""

    update_id = models.BigIntegerField(primary_key=True)
    received_at = models.DateTimeField(db_default=Now(), db_index=True)

    def __str__(self) -> str:
        return str(self.update_id)
