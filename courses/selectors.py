"""Reads of the catalogue as plain data, ready to be JSON. Each reads its courses in one statement.

``drafts=True`` includes unpublished courses: only for those who may see them, never for the cache.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, Q, Value
from django.db.models.functions import Coalesce, JSONObject
from django.urls import reverse

from api.moments import moment_text
from api.pagination import Page, check_exists, envelope
from core.subqueries import total_of
from courses.models import PUBLISHED, Category, Course, Lesson, Module

if TYPE_CHECKING:
    from django.db.models import QuerySet

# Fields of CourseStats, shown as the course's own. A row that is missing counts as zeros.
STATISTICS = {
    "views": Coalesce("stats__views", 0),
    "students_count": Coalesce("stats__students_count", 0),
    "rating": Coalesce("stats__rating", Value(Decimal(0))),
}
ORDER_FIELDS = ("id", "title", "created_at", *STATISTICS)
ORDERS = tuple(sign + field for field in ORDER_FIELDS for sign in ("", "-"))
DEFAULT_ORDER = "-id"

_SUMMARY = ("id", "title", "is_published", "created_at", "updated_at", *STATISTICS)


def category_list() -> list[Any]:
    """Every category, by name."""
    return list(Category.objects.order_by("name", "id").values("id", "name"))


def top_courses(*, limit: int, order: str, drafts: bool = False) -> list[dict[str, Any]]:
    """The first ``limit`` courses by ``order``, one of ``ORDERS``."""
    return _summaries(ordered(_visible(drafts), order)[:limit])


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
    """A page of the catalogue, counted from 1: ``count``, ``next``, ``previous``, ``results``.

    Raises:
        Category.DoesNotExist: there is no such category, which an empty page would hide.
        NotFound: the page lies past the last.
    """
    if category is not None:
        Category.objects.only("pk").get(pk=category)
    courses = _matching(_visible(drafts), category, search, min_rating)
    first = (page - 1) * page_size
    rows = ordered(courses, order).annotate(total=total_of(courses))[first : first + page_size]
    results = _summaries(rows, "total")
    totals = [row.pop("total") for row in results]
    asked = Page(page, page_size)
    count = totals[0] if totals else courses.count()
    check_exists(asked, count)
    filters = {"order": order, "category": category, "search": search, "min_rating": min_rating}
    return envelope(results, page=asked, count=count, path=reverse("course-list"), params=filters)


def course_detail(*, pk: int, drafts: bool = False) -> dict[str, Any]:
    """A course with its outline: the titles of its modules and lessons.

    Raises:
        Course.DoesNotExist: no such course, or a draft.
    """
    row = _visible(drafts).filter(pk=pk).annotate(outline=_outline())
    found = _summaries(row, "description", "outline")
    if not found:
        raise Course.DoesNotExist
    course = found[0]
    course["modules"] = course.pop("outline")
    return course


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


def _outline() -> ArraySubquery:
    lessons = Lesson.objects.filter(module=OuterRef("pk")).order_by("position", "id")
    modules = Module.objects.filter(course=OuterRef("pk")).order_by("position", "id")
    lesson = JSONObject(id="id", title="title", position="position")
    module = JSONObject(
        id="id",
        title="title",
        description="description",
        position="position",
        lessons=ArraySubquery(lessons.values_list(lesson)),
    )
    return ArraySubquery(modules.values_list(module))


def _summaries(courses: QuerySet[Course], *more: str) -> list[dict[str, Any]]:
    rows = courses.annotate(**STATISTICS).values(
        *_SUMMARY, *more, "category_id", category_name=F("category__name")
    )
    return [_plain(row) for row in rows]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    pk, name = row.pop("category_id"), row.pop("category_name")
    row["category"] = None if pk is None else {"id": pk, "name": name}
    row["created_at"] = moment_text(row["created_at"])
    row["updated_at"] = moment_text(row["updated_at"])
    row["rating"] = float(row["rating"])
    return row
