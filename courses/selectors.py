"""Reads of the catalogue, as serialized data. Each reads its courses in one statement.

``drafts=True`` includes unpublished courses: only for users who may see them, never for the cache.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q
from django.db.models.functions import JSONObject
from django.urls import reverse

from api.pagination import Page, check_exists, envelope
from core.subqueries import total_of
from courses.models import PUBLISHED, Category, Course, Lesson, Module
from courses.serializers import CategorySerializer, CourseDetailSerializer, CourseSummarySerializer

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from rest_framework.serializers import BaseSerializer

STATISTICS = ("views", "students_count", "rating")  # fields of CourseStats, shown as the course's own
ORDER_FIELDS = ("id", "title", "created_at", *STATISTICS)
ORDERS = tuple(sign + field for field in ORDER_FIELDS for sign in ("", "-"))
DEFAULT_ORDER = "-id"


def category_list() -> list[Any]:
    """Return every category, by name."""
    return _data(CategorySerializer(Category.objects.order_by("name", "id"), many=True))


def top_courses(*, limit: int, order: str, drafts: bool = False) -> list[dict[str, Any]]:
    """Return the first ``limit`` courses by ``order``, one of ``ORDERS``."""
    return _data(CourseSummarySerializer(ordered(_summaries(drafts), order)[:limit], many=True))


def course_page(
    *,
    page: int,
    page_size: int,
    order: str,
    category: int | None = None,
    search: str | None = None,
    min_rating: float | None = None,
    drafts: bool = False,
) -> dict[str, Any]:
    """Return a page of the catalogue, counted from 1: ``count``, ``next``, ``previous``, ``results``.

    Raises:
        Category.DoesNotExist: there is no such category, which an empty page would hide.
        NotFound: the page is past the last.
    """
    if category is not None:
        Category.objects.only("pk").get(pk=category)
    courses = _matching(_summaries(drafts), category, search, min_rating)
    first = (page - 1) * page_size
    rows: list[Any] = list(
        ordered(courses, order).annotate(total=total_of(courses))[first : first + page_size]
    )
    selected = Page(page, page_size)
    count = rows[0].total if rows else courses.count()
    check_exists(selected, count)
    results = _data(CourseSummarySerializer(rows, many=True))
    rated = None if min_rating is None else f"{Decimal(str(min_rating)):f}"  # 0.00001, not 1e-05
    filters = {"order": order, "category": category, "search": search, "min_rating": rated}
    return envelope(results, page=selected, count=count, path=reverse("course-list"), params=filters)


def course_detail(*, pk: int, drafts: bool = False) -> dict[str, Any]:
    """Return a course with its outline: the titles of its modules and lessons.

    Raises:
        Course.DoesNotExist: no such course, or a draft.
    """
    courses = _visible(drafts).select_related("category", "stats").annotate(outline=_outline())
    return CourseDetailSerializer(courses.get(pk=pk)).data


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
    return _visible(drafts).select_related("category", "stats").defer("description")


def _matching(
    courses: QuerySet[Course], category: int | None, search: str | None, min_rating: float | None
) -> QuerySet[Course]:
    if category is not None:
        courses = courses.filter(category_id=category)
    if search:
        courses = courses.filter(Q(title__icontains=search) | Q(description__icontains=search))
    if min_rating is not None:
        courses = courses.filter(stats__rating__gte=min_rating)
    return courses


def _data(serializer: BaseSerializer[Any]) -> list[Any]:
    rows: Any = serializer.data  # of many=True a list, which the stubs do not know
    return list(rows)


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
