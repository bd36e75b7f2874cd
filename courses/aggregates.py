"""``students_count`` and ``rating``, summed up from Enrollment and Review."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Avg, Count, DecimalField, OuterRef, Q, Subquery
from django.db.models.functions import Cast, Coalesce

from courses.models import Course, Enrollment, Review

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
    """Bring the courses' statistics up to date, in one statement; how many were not.

    ::

        A                               B
        counts 1                        (meanwhile a second learner enrols)
                                        counts 2, writes 2
        writes 1                        the older count would win

    So the rows are locked first: the counting statement sees all that was committed before.
    """
    with transaction.atomic():
        ids = lock_courses(course_ids)
        return _drifted().filter(pk__in=ids).update(students_count=STUDENTS, rating=RATING)


def reconcile_statistics() -> int:
    """Find and repair every course whose statistics are not what its rows say; how many."""
    return refresh_statistics(_drifted().values_list("pk", flat=True))


def lock_courses(course_ids: Iterable[int]) -> list[int]:
    """Lock rows until the end of the transaction, in one order, so that two callers cannot deadlock."""
    rows = Course.objects.select_for_update(no_key=True).filter(pk__in=list(course_ids))
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _drifted() -> QuerySet[Course]:
    wrong = ~Q(students_count=STUDENTS) | ~Q(rating=RATING)
    return Course.objects.filter(wrong)
