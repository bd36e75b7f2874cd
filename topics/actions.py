"""Writes that are more than one ``save()``. Signals record and invalidate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.shortcuts import get_object_or_404

from core.history import record_change
from topics.models import Topic
from topics.permissions import CREATOR_ONLY, may_change

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@transaction.atomic
def subscribe(*, user: User, topic_id: int) -> Topic:
    """Follow a topic; again changes nothing.

    Raises:
        Http404: there is no such topic.
    """
    topic = lock_topic(topic_id)
    add_subscriber(topic=topic, user=user)
    return topic


@transaction.atomic
def unsubscribe(*, user: User, topic_id: int) -> Topic:
    """Stop following a topic; again changes nothing.

    Raises:
        Http404: there is no such topic.
    """
    topic = lock_topic(topic_id)
    remove_subscriber(topic=topic, user=user)
    return topic


@transaction.atomic
def delete_topic(*, user: User, topic_id: int) -> Topic:
    """Delete a topic with its subscriptions.

    Raises:
        Http404: there is no such topic.
        PermissionDenied: the user neither created it nor is staff.
    """
    topic = lock_topic(topic_id)
    if not may_change(user, topic.created_by_id):
        raise PermissionDenied(CREATOR_ONLY)
    topic.delete()
    return topic


def lock_topic(topic_id: int) -> Topic:
    """Return a topic, locked: it is not deleted, and of two equal requests the second sees the first.

    Raises:
        Http404: there is no such topic.
    """
    return get_object_or_404(Topic.objects.select_for_update(no_key=True), pk=topic_id)


def add_subscriber(*, topic: Topic, user: User) -> None:
    """Add a subscriber to a topic, which is locked."""
    if not topic.subscribers.filter(pk=user.pk).exists():  # else cached values were invalidated in vain
        topic.subscribers.add(user)
        record_change(user, topic, ["subscribers"])


def remove_subscriber(*, topic: Topic, user: User) -> None:
    """Remove a subscriber from a topic, which is locked."""
    if topic.subscriptions.filter(user=user).exists():
        topic.subscribers.remove(user)
        record_change(user, topic, ["subscribers"])


def rename_topic(*, topic: Topic, name: str, actor: User) -> None:
    """Give a topic, which is locked, another name. The same name changes and records nothing.

    Raises:
        IntegrityError: the name is taken.
    """
    if name != topic.name:
        topic.name = name
        topic.save(update_fields=["name"])
        record_change(actor, topic, ["name"])
