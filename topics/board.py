"""The topics as one user sees them: what everyone shares, marked by what is the user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils.dateparse import parse_datetime

from caching import Reading
from caching.reading import encode
from topics import cache, selectors
from topics.models import TopicActivity
from topics.permissions import may_change

if TYPE_CHECKING:
    from django.contrib.auth.models import User


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
    reading: Reading

    def as_reading(self, value: object) -> Reading:
        """``value``, made of this board, as a reading: a hit where all parts were."""
        return Reading(encode(value), self.reading.x_cache, self.reading.how)

    @property
    def headers(self) -> dict[str, str]:
        """How it was come by."""
        return {"X-Cache": self.reading.x_cache, "Cache-Status": self.reading.cache_status}


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
    first_miss = shared if mine.x_cache == "HIT" else mine
    return Board(found["count"], _marked(found["results"], user, followed), followed, first_miss)


def read_topic(user: User, topic_id: int) -> dict[str, Any]:
    """One topic, as on the board.

    Raises:
        Http404: there is no such topic.
    """
    followed = cache.user_topics.get(user_id=user.pk).value
    return _marked([selectors.topic_card(pk=topic_id)], user, followed)[0]


def read_activity() -> list[dict[str, Any]]:
    """What happened last, the latest first, as in ``selectors.recent_activity``.

    With ``created_at`` as a time, and ``label``: the action in the reader's language.
    """
    return [
        {
            **row,
            "created_at": parse_datetime(row["created_at"]),
            "label": TopicActivity.Action(row["action"]).label,
        }
        for row in cache.recent_activity.get().value
    ]


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
