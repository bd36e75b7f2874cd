"""Reads of the topics as plain data, ready to be JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404

from api.pagination import Page, check_exists
from core.subqueries import count_of, total_of
from topics.models import Topic, TopicActivity, TopicSubscription
from topics.serializers import FollowedTopicSerializer, RecentActivitySerializer, TopicCardSerializer

if TYPE_CHECKING:
    from django.db.models import QuerySet

MAX_RECENT_ACTIVITIES = 10


def topics_of_user(*, user_id: int) -> list[dict[str, Any]]:
    """Return ``id`` and ``name`` of the topics that a user follows, by name."""
    topics = Topic.objects.filter(subscribers=user_id).only("id", "name")
    return [dict(row) for row in FollowedTopicSerializer(topics, many=True).data]


def topic_page(
    *, page: int, page_size: int, search: str | None = None, subscriber: int | None = None
) -> dict[str, Any]:
    """Return a page of the topics by name: ``count`` of all pages, and ``results``.

    Args:
        page: its number, from 1.
        search: a part of the name.
        subscriber: the id of a user; only topics that the user follows.

    Raises:
        NotFound: the page lies past the last.
    """
    topics = Topic.objects.all()
    if search:
        topics = topics.filter(name__icontains=search)
    if subscriber is not None:
        topics = topics.filter(subscribers=subscriber)
    first = (page - 1) * page_size
    # Chosen first, so that subscribers are counted for these rows and not for those before them.
    rows = Topic.objects.filter(pk__in=topics.values("pk")[first : first + page_size])
    cards = _cards(rows.annotate(total=total_of(topics)), "total")
    count = cards[0]["total"] if cards else topics.count() if page > 1 else 0
    check_exists(Page(page, page_size), count)
    return {"count": count, "results": _as_json(cards)}


def topic_card(*, pk: int) -> dict[str, Any]:
    """Return one topic, as in ``topic_page``.

    Raises:
        Http404: there is no such topic.
    """
    cards = _as_json(_cards(Topic.objects.filter(pk=pk)))
    if not cards:
        raise Http404("There is no such topic.")
    return cards[0]


def recent_activity() -> list[dict[str, Any]]:
    """Return the last events, the latest first: ``topic``, ``topic_name``, ``action``, ``created_at``."""
    rows = TopicActivity.objects.order_by("-id")[:MAX_RECENT_ACTIVITIES]
    return [dict(row) for row in RecentActivitySerializer(rows, many=True).data]


def _cards(topics: QuerySet[Topic], *more: str) -> list[dict[str, Any]]:
    rows = topics.annotate(subscribers_count=count_of(TopicSubscription, "topic"))
    return list(rows.values("id", "name", "created_by", "subscribers_count", *more))


def _as_json(cards: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [dict(card) for card in TopicCardSerializer(cards, many=True).data]
