"""Reads of the topics as plain data, ready to be JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import get_object_or_404

from api.moments import moment_text
from api.pagination import Page, check_exists
from core.subqueries import count_of, total_of
from topics.models import Topic, TopicActivity, TopicSubscription

if TYPE_CHECKING:
    from django.db.models import QuerySet

RECENT = 10


def topics_of_user(*, user_id: int) -> list[dict[str, Any]]:
    """The topics that a user follows, by name: ``id`` and ``name``."""
    return [dict(row) for row in Topic.objects.filter(subscribers=user_id).values("id", "name")]


def topic_page(
    *, page: int, page_size: int, search: str | None = None, subscriber: int | None = None
) -> dict[str, Any]:
    """A page of the topics by name, counted from 1: ``count`` of all pages, and ``results``.

    Each with ``id``, ``name``, ``created_by`` (the id of a user, or None) and ``subscribers_count``.

    Raises:
        NotFound: the page lies past the last.
    """
    topics = Topic.objects.all()
    if search:
        topics = topics.filter(name__icontains=search)
    if subscriber is not None:
        topics = topics.filter(subscribers=subscriber)
    asked = Page(page, page_size)
    first = (page - 1) * page_size
    # Chosen first, so that subscribers are counted for these rows and not for those before them.
    rows = Topic.objects.filter(pk__in=topics.values("pk")[first : first + page_size])
    results = _cards(rows.annotate(total=total_of(topics)), "total")
    totals = [card.pop("total") for card in results]
    count = totals[0] if totals else topics.count() if page > 1 else 0
    check_exists(asked, count)
    return {"count": count, "results": results}


def topic_card(*, pk: int) -> dict[str, Any]:
    """One topic, as in ``topic_page``.

    Raises:
        Http404: there is no such topic.
    """
    get_object_or_404(Topic.objects.only("pk"), pk=pk)
    return _cards(Topic.objects.filter(pk=pk))[0]


def recent_activity() -> list[dict[str, Any]]:
    """What happened last, the latest first: ``topic``, ``topic_name``, ``action``, ``created_at``."""
    rows = TopicActivity.objects.order_by("-id")[:RECENT]
    return [
        {**row, "created_at": moment_text(row["created_at"])}
        for row in rows.values("topic", "topic_name", "action", "created_at")
    ]


def _cards(topics: QuerySet[Topic], *more: str) -> list[dict[str, Any]]:
    rows = topics.annotate(subscribers_count=count_of(TopicSubscription, "topic"))
    return list(rows.values("id", "name", "created_by", "subscribers_count", *more))
