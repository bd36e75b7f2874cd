"""Reads of the catalogue, as serialized data. Each reads its courses in one statement.

``drafts=True`` includes unpublished courses: only for users who may see them, never for the cache.
"""

from __future__ import annotations

import functools
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, Window
from django.db.models.functions import JSONObject
from django.urls import reverse

from api.pagination import Page, check_exists, envelope
from api.serializers import to_data
from core.subqueries import total_of
from courses import search as full_text
from courses.models import PUBLISHED, Category, Course, CourseStats, Lesson, Module
from courses.serializers import CategorySerializer, CourseDetailSerializer, CourseSummarySerializer

if TYPE_CHECKING:
    from django.db.models import QuerySet

STATISTICS = ("views", "students_count", "rating")  # fields of CourseStats, shown as the course's own
ORDER_FIELDS = ("id", "title", "created_at", *STATISTICS)
ORDERS = tuple(sign + field for field in ORDER_FIELDS for sign in ("", "-"))
DEFAULT_ORDER = "-id"


def category_list() -> list[Any]:
    """Return every category, by name."""
    return [to_data(CategorySerializer, row) for row in Category.objects.order_by("name", "id")]


def top_courses(*, limit: int, order: str, drafts: bool = False) -> list[dict[str, Any]]:
    """Return the first ``limit`` courses by ``order``, one of ``ORDERS``."""
    return [to_data(CourseSummarySerializer, row) for row in ordered(_summaries(drafts), order)[:limit]]


def course_page(
    *,
    page: int,
    page_size: int,
    order: str | None,
    category: int | None = None,
    search: str | None = None,
    min_rating: float | None = None,
    drafts: bool = False,
) -> dict[str, Any]:
    """Return a page of the catalogue, counted from 1: ``count``, ``next``, ``previous``, ``results``.

    Without an ``order`` the best match of the search is first.

    Raises:
        Category.DoesNotExist: there is no such category, which an empty page would hide.
        NotFound: the page is past the last.
    """
    if category is not None:
        Category.objects.only("pk").get(pk=category)
    selected = Page(page, page_size)
    if search:
        found = _searched(Selection(drafts, category, min_rating), search, order)
        first = (page - 1) * page_size
        rows: list[Any] = list(found.annotate(total=Window(Count("pk")))[first : first + page_size])
        count = rows[0].total if rows else found.count()
    else:
        rows, count = _ordered_page(Selection(drafts, category, min_rating), order or DEFAULT_ORDER, selected)
    check_exists(selected, count)
    results = [to_data(CourseSummarySerializer, row) for row in rows]
    rated = None if min_rating is None else f"{Decimal(str(min_rating)):f}"  # 0.00001, not 1e-05
    filters = {"order": order, "category": category, "search": search, "min_rating": rated}
    return envelope(results, page=selected, count=count, path=reverse("course-list"), params=filters)


def course_detail(*, pk: int, drafts: bool = False) -> dict[str, Any]:
    """Return a course with its outline: the titles of its modules and lessons.

    Raises:
        Course.DoesNotExist: no such course, or a draft.
    """
    return to_data(CourseDetailSerializer, _details(drafts).get(pk=pk))


@functools.cache
def _details(drafts: bool) -> QuerySet[Course]:
    """Return the courses with their outlines. Made once: to make it takes longer than to filter it."""
    return _visible(drafts).select_related("category", "stats").annotate(outline=_outline())


def ordered(courses: QuerySet[Course], order: str) -> QuerySet[Course]:
    """Return ``courses`` by ``order``, one of ``ORDERS``; an index serves each (``CourseStats.Meta``).

    Ties are broken by id in the order's own direction, so that one index serves both.
    """
    sign, field = ("-", order[1:]) if order.startswith("-") else ("", order)
    if field in STATISTICS:
        # Makes the join an inner one, which may begin with the index.
        courses, field = courses.filter(stats__isnull=False), f"stats__{field}"
    return courses.order_by(f"{sign}{field}", f"{sign}id")


def _visible(drafts: bool) -> QuerySet[Course]:
    return Course.objects.all() if drafts else Course.objects.filter(PUBLISHED)


def _summaries(drafts: bool) -> QuerySet[Course]:
    return _visible(drafts).select_related("category", "stats").defer("description", "words")


class Selection(NamedTuple):
    """The filters of the catalogue, other than a search."""

    drafts: bool
    category: int | None
    min_rating: float | None

    def courses(self) -> QuerySet[Course]:
        """Return the courses, in no order."""
        rows = _visible(self.drafts)
        if self.category is not None:
            rows = rows.filter(category=self.category)
        return rows if self.min_rating is None else rows.filter(stats__rating__gte=self.min_rating)

    def statistics(self) -> QuerySet[CourseStats]:
        """Return the statistics of the courses: the same primary keys."""
        rows = CourseStats.objects.all() if self.drafts else CourseStats.objects.filter(is_published=True)
        if self.category is not None:
            rows = rows.filter(course__category=self.category)
        return rows if self.min_rating is None else rows.filter(rating__gte=self.min_rating)

    def keys(self, order: str) -> QuerySet[Any]:
        """Return the rows of the table whose index has the order and the filters, in that order."""
        field = order.removeprefix("-")
        if field in STATISTICS or (field == "id" and self.min_rating is not None):
            own = order.replace("id", "pk") if field == "id" else order
            return self.statistics().order_by(own, f"{order.removesuffix(field)}pk")
        return ordered(self.courses(), order)


def _ordered_page(selection: Selection, order: str, page: Page) -> tuple[list[Any], int]:
    """Return the courses of a page and how many there are on all pages, from one statement.

    The page is found in an index, and only its courses are looked up.
    """
    first = (page.number - 1) * page.size
    keys = selection.keys(order)
    courses = ordered(
        _summaries(selection.drafts).filter(pk__in=keys.values("pk")[first : first + page.size]), order
    )
    rows: list[Any] = list(courses.annotate(total=total_of(selection.keys("id"))))
    return rows, rows[0].total if rows else selection.keys("id").count()


def _searched(selection: Selection, text: str, order: str | None) -> QuerySet[Course]:
    """Return the courses that a search finds, in the given order or the best first."""
    anywhere = full_text.anywhere(selection.courses(), text)
    courses = _summaries(selection.drafts)
    if order:
        return ordered(courses.filter(pk__in=full_text.first_keys(ordered(anywhere, order))), order)
    in_title = full_text.in_title(selection.courses(), text)
    keys = [full_text.first_keys(rows.order_by("-id")) for rows in (in_title, anywhere)]
    return full_text.ranked(courses.filter(pk__in=keys[0].union(keys[1])), text)


def _outline() -> ArraySubquery:
    lessons = Lesson.objects.filter(module=OuterRef("pk")).order_by("position")
    modules = Module.objects.filter(course=OuterRef("pk")).order_by("position")
    lesson = JSONObject(id="id", title="title", position="position")
    module = JSONObject(
        id="id",
        title="title",
        description="description",
        position="position",
        lessons=ArraySubquery(lessons.values_list(lesson)),
    )
    return ArraySubquery(modules.values_list(module))
