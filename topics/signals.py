"""Which change touches what is cached, and what is recorded of it. Receivers only.

=====================================  =======================================================
change                                 touched
=====================================  =======================================================
a subscription comes or goes           that user's topics; the pages of topics, with counts
a topic is created, renamed, deleted   the topics of its subscribers; the pages; the activity
a user signs out                       that user's topics
=====================================  =======================================================

Nothing is recorded of ``QuerySet.update()`` and ``bulk_create()``: they send no post_save.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib.auth.signals import user_logged_out
from django.db import transaction
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from django.dispatch import Signal, receiver

from caching import rows_changed
from topics import cache
from topics.models import Topic, TopicActivity, TopicSubscription

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.contrib.auth.models import User
    from django.db.models import Model

logger = logging.getLogger(__name__)

# A topic was created, updated or deleted: ``topic_id``, ``action``. Sent inside its transaction.
topic_changed = Signal()

# More followers than this, and everyone's topics are read anew.
MOST_SINGLE_USERS = 500


@receiver(post_save, sender=Topic)
def record_saved_topic(sender: type[Topic], instance: Topic, created: bool, raw: bool, **_: Any) -> None:
    if not raw:  # a fixture brings its activities along
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
    _touch_topics([topic_id])


@receiver(rows_changed, sender=Topic)
def touch_changed_topics(pks: list[int], **_: Any) -> None:
    _touch_topics(pks)


@receiver(m2m_changed, sender=Topic.subscribers.through)
def touch_subscribers(
    instance: Topic | User, action: str, reverse: bool, pk_set: set[int] | None, **_: Any
) -> None:
    """``topic.subscribers`` or, in reverse, ``user.topics``; then ``instance`` is the user.

    A clear names nobody (``pk_set`` is None): whom it concerns is told, row by row, by the deleted
    subscriptions, which also holds for one that comes while the clear is under way.
    """
    if action in {"post_add", "post_remove", "post_clear"}:
        _touch_users({instance.pk} if reverse else pk_set or ())


@receiver([post_save, post_delete], sender=TopicSubscription)
def touch_subscription(instance: TopicSubscription, **_: Any) -> None:
    _touch_users([instance.user_id])


@receiver(pre_save, sender=TopicSubscription)
def touch_former_subscriber(instance: TopicSubscription, **_: Any) -> None:
    """Before a save the stored row still names the user whom the subscription leaves."""
    if instance.pk:
        touch_changed_subscriptions([instance.pk])


@receiver(rows_changed, sender=TopicSubscription)
def touch_changed_subscriptions(pks: list[int], **_: Any) -> None:
    _touch_users(TopicSubscription.objects.filter(pk__in=pks).values_list("user_id", flat=True).distinct())


@receiver([post_save, post_delete, rows_changed], sender=TopicActivity)
def touch_activity(**_: Any) -> None:
    cache.recent_activity.touch()


@receiver(user_logged_out)
def forget_topics_of_user(user: User | None, **_: Any) -> None:
    if user is not None:
        cache.user_topics.touch(user_id=user.pk)


def _touch_topics(topic_ids: list[int]) -> None:
    """Locks the subscriptions: one that is changing hands takes the topic to a user not yet seen here."""
    followed = TopicSubscription.objects.select_for_update(no_key=True).filter(topic__in=topic_ids)
    user_ids = followed.order_by("pk").values_list("user_id", flat=True)[: MOST_SINGLE_USERS + 1]
    _touch_users(user_ids)


def _touch_users(user_ids: Iterable[int]) -> None:
    cache.topic_pages.touch()
    user_ids = list(user_ids)
    if len(user_ids) > MOST_SINGLE_USERS:
        cache.user_topics.touch_all()
        return
    for user_id in user_ids:
        cache.user_topics.touch(user_id=user_id)
