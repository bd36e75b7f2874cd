"""Receivers of signals: what is recorded of a change of a topic, and what it invalidates.

What invalidates each cached value is declared in ``cache.py``, and completeness depends on that alone.
The invalidations here are those of the source, whose reader looks for them in this place.

Nothing is recorded of ``QuerySet.update()`` and ``bulk_create()``: they send no post_save.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_out
from django.db import transaction
from django.db.models.signals import m2m_changed, post_delete, post_save
from django.dispatch import Signal, receiver

from topics import cache
from topics.models import Topic, TopicActivity

if TYPE_CHECKING:
    from django.db.models import Model

logger = logging.getLogger(__name__)

# A topic was created, updated or deleted: ``topic_id``, ``action``. Sent inside its transaction.
topic_changed = Signal()


@receiver(post_save, sender=Topic)
def record_saved_topic(sender: type[Topic], instance: Topic, created: bool, raw: bool, **_: Any) -> None:
    if not raw:  # a fixture contains its activities
        action = TopicActivity.Action.CREATED if created else TopicActivity.Action.UPDATED
        _record(sender, instance, action)


@receiver(post_delete, sender=Topic)
def record_deleted_topic(sender: type[Topic], instance: Topic, **_: Any) -> None:
    _record(sender, instance, TopicActivity.Action.DELETED)


def _record(sender: type[Topic], topic: Topic, action: TopicActivity.Action) -> None:
    TopicActivity.objects.create(topic_id=topic.pk, topic_name=topic.name, action=action)
    topic_changed.send(sender=sender, topic_id=topic.pk, action=action.value)


def handle_topic_changed(sender: type[Model], topic_id: int, action: str, **_: Any) -> None:  # noqa: ARG001
    """The receiver of ``topic_changed``; connected in apps.py."""
    transaction.on_commit(partial(logger.info, "Topic %s changed: %s", topic_id, action))
    cache.topic_pages.invalidate_all()


@receiver(m2m_changed, sender=Topic.subscribers.through)
def invalidate_subscribers(instance: Topic | User, action: str, pk_set: set[int] | None, **_: Any) -> None:
    """``topic.subscribers`` or, in reverse, ``user.topics``; then ``instance`` is the user.

    A clear names no keys (``pk_set`` is None). The topic's subscribers are read before it; after it the
    database reports each deleted row.
    """
    if action not in {"post_add", "post_remove", "pre_clear"}:
        return
    if isinstance(instance, User):
        user_ids = {instance.pk}
    else:
        user_ids = pk_set or set(instance.subscriptions.values_list("user_id", flat=True))
    for user_id in user_ids:
        cache.user_topics.invalidate(user_id=user_id)


@receiver(user_logged_out)
def invalidate_topics_of_user(user: User | None, **_: Any) -> None:
    if user is not None:
        cache.user_topics.invalidate(user_id=user.pk)
