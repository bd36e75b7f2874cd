"""``students_count`` and ``rating``, summed up from Enrollment and Review into CourseStats."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Avg, Count, DecimalField, OuterRef, Q, Subquery
from django.db.models.functions import Cast, Coalesce

from courses.models import Course, CourseStats, Enrollment, Review

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

_enrolled = Enrollment.objects.filter(course=OuterRef("pk")).order_by()
_reviewed = Review.objects.filter(course=OuterRef("pk")).order_by()

STUDENTS = Coalesce(Subquery(_enrolled.values("course").annotate(n=Count("pk")).values("n")), 0)
RATING = Cast(
    Coalesce(Subquery(_reviewed.values("course").annotate(mean=Avg("rating")).values("mean")), 0.0),
    DecimalField(max_digits=3, decimal_places=2),
)


def refresh_statistics(course_ids: Iterable[int]) -> int:
    """Bring the statistics of the courses up to date, in one statement. Return how many were wrong.

    ::

        A                               B
        counts 1                        (a second learner enrols)
                                        counts 2, writes 2
        writes 1                        the older count would win

    So the rows are locked first: the counting statement sees all that was committed before. Only rows
    that change are written.
    """
    with transaction.atomic():
        ids = lock_statistics(course_ids)
        return _drifted().filter(pk__in=ids).update(students_count=STUDENTS, rating=RATING)


def reconcile_statistics() -> int:
    """Find and repair all statistics that differ from what the rows say. Return how many did."""
    _add_missing()
    return refresh_statistics(_drifted().values_list("pk", flat=True))


def lock_statistics(course_ids: Iterable[int]) -> list[int]:
    """Lock the statistics of courses until the transaction ends. Return the ids that have some.

    The order is always the same, so that two callers cannot deadlock.
    """
    rows = CourseStats.objects.select_for_update(no_key=True).filter(pk__in=list(course_ids))
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _drifted() -> QuerySet[CourseStats]:
    wrong = ~Q(students_count=STUDENTS) | ~Q(rating=RATING)
    return CourseStats.objects.filter(wrong)


def _add_missing() -> None:
    """Add rows that were deleted: the trigger adds them with the course only."""
    without = Course.objects.filter(stats__isnull=True)
    with transaction.atomic():
        locked = without.select_for_update(no_key=True, of=["self"]).order_by("pk")
        rows = [
            CourseStats(course_id=pk, is_published=published)
            for pk, published in locked.values_list("pk", "is_published")
        ]
        if rows:
            CourseStats.objects.bulk_create(rows, ignore_conflicts=True)
