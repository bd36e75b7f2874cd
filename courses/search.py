"""The full text search of the catalogue: words and beginnings of words, in any order.

Three SQL functions (migration 0007) say what a word is, for the courses and for what a user types alike:
a run of letters and digits, without case, with ``ё`` as ``е``. They do not depend on the database's locale.

::

    «Основы Python»  →  'основы':1A 'python':2A        courses_search_vector, stored as Course.words
    пит Осн          →  'пит':* & 'осн':*              courses_search_query
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVectorField
from django.db.models import F, Func, Q

if TYPE_CHECKING:
    from django.db.models import QuerySet

MAX_FOUND = 500
# Fewer matches are found by the words' index, all of them; others by walking the index of the order, which
# comes to MAX_FOUND of them soon. PostgreSQL cannot choose: it knows how frequent a word is, not a beginning.
FEW = 2_000
BEST_FIRST = ("-in_title", "-rank", "-id")


class PrefixQuery(SearchQuery):
    """What a user typed, as a query that no input can break."""

    def __init__(self, text: str) -> None:
        super().__init__(text, search_type="raw")
        self.function = "courses_search_query"


class TitleWords(Func):
    """The words of the title, among all of a course."""

    template = "ts_filter(%(expressions)s, '{a}')"
    output_field = SearchVectorField()

    def __init__(self) -> None:
        super().__init__(F("words"))


def in_title(courses: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Return those of the courses that have the words in their title."""
    found: QuerySet[Any] = courses.alias(title_words=TitleWords()).filter(title_words=PrefixQuery(text))
    return found


def anywhere(courses: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Return those of the courses that have the words in their title or description."""
    return courses.filter(words=PrefixQuery(text))


def first_keys(ordered: QuerySet[Any]) -> QuerySet[Any]:
    """Return the keys of the first MAX_FOUND rows of a search, or of all if they are few."""
    few = ordered.order_by().values("pk")[:FEW]  # without an order the words' index is used
    return few if few.count() < FEW else ordered.values("pk")[:MAX_FOUND]


def ranked(courses: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Return the courses, the best match first: by title, then by frequency, then the newest."""
    query = PrefixQuery(text)
    found: QuerySet[Any] = (
        courses.alias(title_words=TitleWords())
        .annotate(in_title=Q(title_words=query), rank=SearchRank(F("words"), query))
        .order_by(*BEST_FIRST)
    )
    return found
