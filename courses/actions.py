"""Writes that are more than one ``save()``.

Each is one transaction that records all it means. What goes out (statistics, mails, files) goes by
Celery after the commit; a message that is lost on the way is made up for by beat (courses/tasks.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone

from api.problems.exceptions import Conflict
from courses import tasks
from courses.models import Category, Certificate, Course, Enrollment, Review

if TYPE_CHECKING:
    from django.contrib.auth.models import User

NOT_ENROLLED = "Only for those enrolled in the course: POST to its enroll/ first."


@transaction.atomic
def enroll(*, user: User, course: Course) -> tuple[Enrollment, bool]:
    """Enrol; whether that is new. Enrolling again changes nothing.

    Raises:
        Http404: the course has gone.
    """
    # Nobody deletes the course while we hold it.
    get_object_or_404(Course.objects.select_for_update(no_key=True), pk=course.pk)
    enrollment, created = Enrollment.objects.get_or_create(user=user, course=course)
    if created:
        tasks.enrolled.delay_on_commit(enrollment.pk)
    return enrollment, created


@transaction.atomic
def unenroll(*, user: User, course_id: int) -> None:
    """Leave a course. The review, if there is one, stays.

    Raises:
        Http404: not enrolled.
        Conflict: completed, and a certificate points there.
    """
    enrollment = Enrollment.objects.select_for_update().filter(user=user, course=course_id).first()
    if enrollment is None:
        raise Http404("You are not enrolled in this course.")
    if enrollment.completed_at:
        raise Conflict("You have completed this course: its certificate rests on your enrolment.")
    enrollment.delete()
    tasks.refresh_statistics.delay_on_commit([course_id])


@transaction.atomic
def add_review(*, user: User, course: Course, rating: int, text: str = "") -> Review:
    """Review a course once.

    Raises:
        PermissionDenied: not enrolled.
        Conflict: reviewed already.
    """
    _lock_enrollment(user, course)
    try:
        with transaction.atomic():
            review = Review.objects.create(user=user, course=course, rating=rating, text=text)
    except IntegrityError as error:
        raise Conflict("You have already reviewed this course.") from error
    tasks.refresh_statistics.delay_on_commit([course.pk])
    return review


@transaction.atomic
def complete_course(*, user: User, course: Course) -> Certificate:
    """Complete a course; its certificate, whose file is made in the background.

    Completing again changes nothing.

    Raises:
        PermissionDenied: not enrolled.
    """
    enrollment = _lock_enrollment(user, course)
    if enrollment.completed_at is None:
        enrollment.completed_at = timezone.now()
        enrollment.save(update_fields=["completed_at"])
    certificate, created = Certificate.objects.get_or_create(enrollment=enrollment)
    if created:
        tasks.certify.delay_on_commit(enrollment.pk)
    return certificate


@transaction.atomic
def delete_course(*, pk: int) -> None:
    """Delete a course that nobody has taken, with its modules and lessons.

    Raises:
        Http404: no such course.
        Conflict: somebody is enrolled or has reviewed it.
    """
    course = get_object_or_404(Course.objects.select_for_update(), pk=pk)
    try:
        course.delete()
    except ProtectedError as error:
        raise Conflict(
            f"{course.enrollments.count()} enrolments and {course.reviews.count()} reviews hold on to "
            "this course. To hide it set is_published to false."
        ) from error


@transaction.atomic
def delete_category(*, pk: int) -> None:
    """Delete a category without courses.

    Raises:
        Http404: no such category.
        Conflict: it has courses.
    """
    category = get_object_or_404(Category.objects.select_for_update(), pk=pk)
    try:
        category.delete()
    except ProtectedError as error:
        raise Conflict(
            f"{category.courses.count()} courses are in this category: move them to another first."
        ) from error


def _lock_enrollment(user: User, course: Course) -> Enrollment:
    enrollment = Enrollment.objects.select_for_update().filter(user=user, course=course).first()
    if enrollment is None:
        raise PermissionDenied(NOT_ENROLLED)
    return enrollment
