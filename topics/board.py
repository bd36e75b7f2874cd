"""The topics as one user sees them: what everyone shares, marked by what is the user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils.dateparse import parse_datetime

from api.http_cache import first_miss, made_of
from topics import cache, selectors
from topics.models import TopicActivity
from topics.permissions import may_change

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from caching import CacheResult


class Board(NamedTuple):
    """A page of topics for one user.

    Attributes:
        total: of topics on all pages.
        topics: of this page; each as in ``selectors.topic_page``, with ``is_subscribed`` and
            ``may_change``.
        mine: ``id`` and ``name`` of all topics that the user follows, by name.
        reading: of the cached parts that it is put together from, the first that is no hit.
    """

    total: int
    topics: list[dict[str, Any]]
    mine: list[dict[str, Any]]
    reading: CacheResult


class Activity(NamedTuple):
    """What happened last, the latest first.

    Attributes:
        rows: each as in ``selectors.recent_activity``, with ``created_at`` as a time, and ``label``:
            the action in the reader's language.
        reading: how they were come by.
    """

    rows: list[dict[str, Any]]
    reading: CacheResult


def read_board(
    user: User, *, page: int, page_size: int, search: str | None = None, subscribed: bool = False
) -> Board:
    """The page. ``subscribed``: only what the user follows.

    Raises:
        NotFound: the page lies past the last.
    """
    mine = cache.user_topics.get(user_id=user.pk)
    shared = cache.topic_pages.get(
        page=page, page_size=page_size, search=search, subscriber=user.pk if subscribed else None
    )
    followed, found = mine.value, shared.value
    topics = _marked(found["results"], user, followed)
    return Board(found["count"], topics, followed, first_miss(mine, shared))


def read_topic(user: User, topic_id: int) -> CacheResult:
    """One topic, as on the board.

    Raises:
        Http404: there is no such topic.
    """
    mine = cache.user_topics.get(user_id=user.pk)
    (topic,) = _marked([selectors.topic_card(pk=topic_id)], user, mine.value)
    return made_of(topic, mine)


def read_activity() -> Activity:
    """What happened last to the topics of everybody."""
    reading = cache.recent_activity.get()
    rows = [
        {
            **row,
            "created_at": parse_datetime(row["created_at"]),
            "label": TopicActivity.Action(row["action"]).label,
        }
        for row in reading.value
    ]
    return Activity(rows, reading)


def _marked(topics: list[dict[str, Any]], user: User, followed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    ids = {topic["id"] for topic in followed}
    return [
        {
            **topic,
            "is_subscribed": topic["id"] in ids,
            "may_change": may_change(user, topic["created_by"]),
        }
        for topic in topics
    ]
