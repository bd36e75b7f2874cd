"""The topics as one user sees them: what all users share, with what is the user's own.

The page and the API read by these functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils.dateparse import parse_datetime

from api.http_cache import first_miss, made_of
from topics import cache, selectors
from topics.models import TopicActivity
from topics.serializers import TopicSerializer

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from caching import CacheResult


class TopicPage(NamedTuple):
    """A page of topics for one user.

    Attributes:
        total: number of topics on all pages.
        topics: those of this page, each as TopicSerializer shows it.
        mine: ``id`` and ``name`` of all topics that the user follows, by name.
        result: of the cached parts that the page is made of, the first that is no hit.
    """

    total: int
    topics: list[dict[str, Any]]
    mine: list[dict[str, Any]]
    result: CacheResult


class RecentActivity(NamedTuple):
    """The last events, the latest first.

    Attributes:
        rows: each as in ``selectors.recent_activity``, with ``created_at`` as a time, and ``label``:
            the action in the reader's language.
        result: the cached part that they come from.
    """

    rows: list[dict[str, Any]]
    result: CacheResult


def read_topics(
    user: User, *, page: int, page_size: int, search: str | None = None, subscribed: bool = False
) -> TopicPage:
    """Return a page of topics; with ``subscribed``, only those that the user follows.

    Raises:
        NotFound: the page lies past the last.
    """
    mine = cache.user_topics.get(user_id=user.pk)
    shared = cache.topic_pages.get(
        page=page, page_size=page_size, search=search, subscriber=user.pk if subscribed else None
    )
    followed, found = mine.value, shared.value
    topics = _show(found["results"], user, followed)
    return TopicPage(found["count"], topics, followed, first_miss(mine, shared))


def read_topic(user: User, topic_id: int) -> CacheResult:
    """Return one topic, as in the list.

    Raises:
        Http404: there is no such topic.
    """
    mine = cache.user_topics.get(user_id=user.pk)
    (topic,) = _show([selectors.topic_card(pk=topic_id)], user, mine.value)
    return made_of(topic, mine)


def read_activity() -> RecentActivity:
    """Return the last events of all topics."""
    result = cache.recent_activity.get()
    rows = [
        {
            **row,
            "created_at": parse_datetime(row["created_at"]),
            "label": TopicActivity.Action(row["action"]).label,
        }
        for row in result.value
    ]
    return RecentActivity(rows, result)


def _show(topics: list[dict[str, Any]], user: User, followed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    context = {"user": user, "followed": {topic["id"] for topic in followed}}
    return [dict(topic) for topic in TopicSerializer(topics, many=True, context=context).data]
