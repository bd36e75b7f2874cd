"""What goes out to users, by which addresses they can be reached, and what Telegram has sent."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from core.secret_tokens import HASH_CHARACTERS

MAX_TELEGRAM_ID = 2**63 - 1
UNDELIVERED = ["pending", "sending", "uncertain", "given_up"]


class LinkToken(models.Model):
    """A link to the Telegram bot that a user has requested and not yet followed.

    One row for each user: a new link replaces the last, and following it deletes it.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="link_token"
    )
    token_hash = models.CharField(max_length=HASH_CHARACTERS, unique=True, editable=False)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user}, until {self.expires_at:%Y-%m-%d %H:%M}"


class TelegramAccount(models.Model):
    """The Telegram account of a user, by Telegram's own number. messaging/languages.py has its language."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="telegram"
    )
    telegram_id = models.BigIntegerField(unique=True)
    linked_at = models.DateTimeField(default=timezone.now, editable=False)
    language = models.CharField(max_length=10, blank=True, default="", db_default="", editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(telegram_id__gt=0), name="telegram_id_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.telegram_id}"


class VerifiedEmail(models.Model):
    """The address that a user has proved to read, by a link that was sent there.

    It counts while it is the user's e-mail: one who changes the e-mail has to verify the new one.
    messaging/languages.py has its language.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="verified_email"
    )
    address = models.EmailField()
    verified_at = models.DateTimeField(default=timezone.now, editable=False)
    language = models.CharField(max_length=10, blank=True, default="", db_default="", editable=False)

    class Meta:
        verbose_name = "verified e-mail address"
        verbose_name_plural = "verified e-mail addresses"

    def __str__(self) -> str:
        return self.address


class OutgoingMessage(models.Model):
    """A message to one user: recorded with the change that causes it, sent after the commit.

    ``kind`` names the composer (messaging/composers.py) that makes the text from ``payload`` when the
    message is sent. Two messages with one ``dedupe_key`` are one. messaging/dispatch.py has the states.
    """

    class State(models.TextChoices):
        PENDING = "pending"
        SENDING = "sending"
        SENT = "sent"
        UNCERTAIN = "uncertain"
        GIVEN_UP = "given_up", "given up"
        OBSOLETE = "obsolete"

    class Channel(models.TextChoices):
        TELEGRAM = "telegram"
        EMAIL = "email", "e-mail"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="outgoing_messages"
    )
    kind = models.CharField(max_length=50)
    payload = models.JSONField(default=dict, blank=True)
    dedupe_key = models.CharField(max_length=200, unique=True)
    mail_only = models.BooleanField(default=False, db_default=False, help_text="Never by Telegram.")
    state = models.CharField(max_length=9, choices=State, default=State.PENDING, db_default=State.PENDING)
    due_at = models.DateTimeField(default=timezone.now, db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    channel = models.CharField(
        max_length=8,
        choices=Channel,
        blank=True,
        default="",
        db_default="",
        help_text="By which it was sent; while it is pending: e-mail, after Telegram has failed.",
    )
    error = models.TextField(blank=True, default="", db_default="")
    created_at = models.DateTimeField(default=timezone.now, db_default=Now())
    changed_at = models.DateTimeField(default=timezone.now, db_default=Now())

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    state__in=["pending", "sending", "sent", "uncertain", "given_up", "obsolete"]
                ),
                name="message_state_is_known",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="message_pending", condition=models.Q(state="pending")),
            models.Index(fields=["changed_at"], name="message_sending", condition=models.Q(state="sending")),
            # Counted for the metrics, beside any number of messages that were sent.
            models.Index(
                fields=["state"], name="message_undelivered", condition=models.Q(state__in=UNDELIVERED)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.user}"


class TelegramUpdate(models.Model):
    """An Update of the Bot API that has been processed: Telegram may send it again."""

    update_id = models.BigIntegerField(primary_key=True)
    received_at = models.DateTimeField(db_default=Now(), db_index=True)

    def __str__(self) -> str:
        return str(self.update_id)
