"""Lessons that learners complete, and how far they are in a course."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.db.models import Count, F, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404

from api.problems.exceptions import Conflict
from core.history import record_addition, record_deletion
from courses.models import Enrollment, Lesson, LessonCompletion
from courses.permissions import NO_LESSON

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet

NOT_ENROLLED = "Only for those enrolled in the course: POST to its enroll/ first."
MAX_LISTED = 100


def lock_enrollment(user: User, course_id: int) -> Enrollment:
    """Return the user's enrolment in a course, locked until the transaction ends.

    Raises:
        PermissionDenied: not enrolled.
    """
    rows = Enrollment.objects.select_for_update(of=["self"]).select_related("user", "course")
    enrollment = rows.filter(user=user, course=course_id).first()
    if enrollment is None:
        raise PermissionDenied(NOT_ENROLLED)
    return enrollment


@transaction.atomic
def complete_lesson(*, user: User, lesson: Lesson) -> tuple[LessonCompletion, bool]:
    """Complete a lesson. Return its completion, and whether it is new. Completing again changes nothing.

    Raises:
        Http404: the lesson was deleted.
        PermissionDenied: not enrolled.
    """
    enrollment = lock_enrollment(user, lesson.module.course_id)
    completion, created = LessonCompletion.objects.get_or_create(enrollment=enrollment, lesson=lesson)
    try:
        connection.check_constraints()  # waits for a deletion that has begun, and prevents a later one
    except IntegrityError as error:
        raise Http404(NO_LESSON) from error
    if created:
        record_addition(user, completion)
    return completion, created


@transaction.atomic
def reopen_lesson(*, user: User, lesson: Lesson) -> None:
    """Undo the completion of a lesson.

    Raises:
        Http404: it is not completed.
        PermissionDenied: not enrolled.
        Conflict: the course is completed.
    """
    enrollment = lock_enrollment(user, lesson.module.course_id)
    if enrollment.completed_at:
        raise Conflict("You have completed this course: its lessons stay completed.")
    completion = enrollment.completions.filter(lesson=lesson).first()
    if completion is None:
        raise Http404("You have not completed this lesson.")
    record_deletion(user, completion)
    completion.delete()


def require_all_lessons(enrollment: Enrollment) -> None:
    """Check that the learner has completed every lesson of the course.

    Raises:
        Conflict: some are missing; the problem lists the first of them.
    """
    missing = Lesson.objects.filter(module__course=enrollment.course_id).exclude(
        pk__in=enrollment.completions.values("lesson")
    )
    rows = list(missing.order_by("module__position", "position").values("id", "title"))
    if rows:
        titles = ", ".join(f"“{row['title']}”" for row in rows[:3]) + (", …" if rows[3:] else "")
        detail = f"Complete all lessons first: {len(rows)} are missing ({titles})."
        raise Conflict(detail, members={"lessons": rows[:MAX_LISTED]})


def with_progress(enrollments: QuerySet[Enrollment]) -> QuerySet[Any]:
    """Return the enrolments with ``lessons_count`` and ``completed_lessons``, which are ids."""
    lessons = Lesson.objects.filter(module__course=OuterRef("course")).order_by()
    counted = lessons.values("module__course").annotate(n=Count("pk")).values("n")
    completed = LessonCompletion.objects.filter(
        enrollment=OuterRef("pk"), lesson__module__course=F("enrollment__course")
    )
    return enrollments.annotate(
        lessons_count=Coalesce(Subquery(counted, output_field=IntegerField()), 0),
        completed_lessons=ArraySubquery(
            completed.order_by("lesson__module__position", "lesson__position").values("lesson")
        ),
    )


def percent(completed: int, count: int) -> int:
    """Return how much of a course is completed: 100 only if all of it is; also where there is no lesson."""
    return 100 * completed // count if count else 100
