"""Writes that are more than one ``save()``. What is recorded and invalidated, signals decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from topics.models import Topic
from topics.permissions import may_change

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@transaction.atomic
def subscribe(*, user: User, topic_id: int) -> Topic:
    """Follow a topic; again changes nothing.

    Raises:
        Http404: there is no such topic.
    """
    # Nobody deletes the topic while we hold it, and of two clicks at once the second sees the first.
    topic = get_object_or_404(Topic.objects.select_for_update(no_key=True), pk=topic_id)
    if not topic.subscribers.filter(pk=user.pk).exists():  # else what is cached would go for nothing
        topic.subscribers.add(user)
    return topic


@transaction.atomic
def unsubscribe(*, user: User, topic_id: int) -> Topic:
    """Follow a topic no longer; again changes nothing.

    Raises:
        Http404: there is no such topic.
    """
    topic = get_object_or_404(Topic, pk=topic_id)
    topic.subscribers.remove(user)
    return topic


@transaction.atomic
def rename_topic(*, user: User, topic_id: int, name: str) -> Topic:
    """Give a topic another name. ``IntegrityError`` if it is taken.

    Raises:
        Http404: there is no such topic.
        PermissionDenied: the user neither created it nor is staff.
    """
    topic = _hold(user, topic_id)
    topic.name = name
    topic.save(update_fields=["name"])
    return topic


@transaction.atomic
def delete_topic(*, user: User, topic_id: int) -> Topic:
    """Delete a topic with its subscriptions.

    Raises:
        Http404: there is no such topic.
        PermissionDenied: the user neither created it nor is staff.
    """
    topic = _hold(user, topic_id)
    topic.delete()
    return topic


def _hold(user: User, topic_id: int) -> Topic:
    topic = get_object_or_404(Topic.objects.select_for_update(), pk=topic_id)
    if not may_change(user, topic.created_by_id):
        raise PermissionDenied(_("Only its creator and staff may change or delete a topic."))
    return topic
