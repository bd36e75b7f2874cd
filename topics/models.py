"""Topics, who follows them, and what happened to them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from core.names import NameField, NameKey, UniqueName

MAX_NAME_LENGTH = 100
NAME_TAKEN = _("There is already a topic with this name.")


class Topic(models.Model):
    name = NameField(_("name"), max_length=MAX_NAME_LENGTH)
    subscribers = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        through="TopicSubscription",
        related_name="topics",
        blank=True,
        verbose_name=_("subscribers"),
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        related_name="created_topics",
        null=True,
        blank=True,
        verbose_name=_("created by"),
    )

    class Meta:
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
        ordering = [Lower("name"), "id"]
        indexes = [models.Index(Lower("name"), "id", name="topic_by_name")]
        constraints = [
            UniqueName(NameKey("name"), name="topic_name_key", violation_error_message=NAME_TAKEN),
            models.CheckConstraint(
                condition=~models.Q(Exact(NameKey("name"), "")), name="topic_name_visible"
            ),
        ]

    def __str__(self) -> str:
        return str(self.name)


class TopicSubscription(models.Model):
    """A user follows a topic: the rows of ``Topic.subscribers``.

    A model of its own, because Django sends no signals for the rows of a table that it makes itself:
    a deleted topic or a ``bulk_create`` would not say whose topics it changes.
    """

    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="subscriptions", db_index=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="topic_subscriptions"
    )

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["topic", "user"], name="one_subscription_per_topic_and_user"),
        ]

    def __str__(self) -> str:
        """Return who follows what: by name where both are loaded, because a list must not load each."""
        model: Any = type(self)
        if model.user.is_cached(self) and model.topic.is_cached(self):
            return f"{self.user} → {self.topic}"
        return f"{self.user_id} → {self.topic_id}"


class TopicActivity(models.Model):
    """An event in the history of a topic, with the name that the topic had then.

    ``topic`` has no constraint in the database: the record of a deletion points to a row that no longer
    exists. So use ``topic_id`` and ``topic_name``; ``topic`` may raise ``Topic.DoesNotExist``, and a
    join leaves out deleted topics.
    """

    class Action(models.TextChoices):
        CREATED = "created", _("created")
        UPDATED = "updated", _("updated")
        DELETED = "deleted", _("deleted")

    topic = models.ForeignKey(
        Topic, on_delete=models.CASCADE, related_name="activities", db_constraint=False, db_index=False
    )
    topic_name = models.CharField(_("name"), max_length=MAX_NAME_LENGTH)
    action = models.CharField(_("action"), max_length=20, choices=Action)
    created_at = models.DateTimeField(_("time"), auto_now_add=True)

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        ordering = ["-id"]
        indexes = [models.Index(fields=["topic", "id"], name="activity_of_topic")]

    def __str__(self) -> str:
        return f"{self.topic_name}: {self.action}"
