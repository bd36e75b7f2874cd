"""The Telegram accounts of users, how they are linked, and what Telegram has sent."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from core.secret_tokens import HASH_CHARACTERS

MAX_TELEGRAM_ID = 2**63 - 1


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
