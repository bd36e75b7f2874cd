"""Writes that are more than one ``save()``.

Each is one transaction that records everything that it causes, e-mails included. Statistics and files are
made by Celery after the commit; a periodic task repeats what was lost on the way (courses/tasks.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, transaction
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone

from api.deletion import delete_unreferenced
from api.problems.exceptions import Conflict
from core.history import record_addition, record_change, record_deletion
from courses import tasks
from courses.models import Certificate, Course, Enrollment, Review
from courses.progress import lock_enrollment, require_all_lessons
from messaging import delivery

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def lock_course(pk: int) -> Course:
    """Return the course, locked until the transaction ends; before its modules, lessons and enrolments.

    Raises:
        Http404: the course was deleted.
    """
    return get_object_or_404(Course.objects.select_for_update(no_key=True), pk=pk)


@transaction.atomic
def enroll(*, user: User, course: Course) -> tuple[Enrollment, bool]:
    """Enrol a user. Return the enrolment, and whether it is new. Enrolling again changes nothing.

    Raises:
        Http404: the course was deleted.
    """
    lock_course(course.pk)  # it cannot be deleted before the commit
    enrollment, created = Enrollment.objects.get_or_create(user=user, course=course)
    if created:
        record_addition(user, enrollment)
        confirm_enrollment(enrollment)
    return enrollment, created


@transaction.atomic
def confirm_enrollment(enrollment: Enrollment) -> None:
    """Record the learner's e-mail about a new enrolment, and have the statistics follow."""
    delivery.send(
        user=enrollment.user,
        kind="courses.enrolled",
        payload={"enrollment": enrollment.pk},
        dedupe_key=f"courses.enrolled:{enrollment.pk}",
        mail_only=True,
    )
    tasks.refresh_statistics.delay_on_commit([enrollment.course_id])


@transaction.atomic
def unenroll(*, user: User, course_id: int) -> None:
    """Leave a course, which ends the progress in it. The review, if there is one, stays.

    Raises:
        Http404: not enrolled.
        Conflict: the course is completed: the certificate needs the enrolment.
    """
    enrollment = Enrollment.objects.select_for_update().filter(user=user, course=course_id).first()
    if enrollment is None:
        raise Http404("You are not enrolled in this course.")
    if enrollment.completed_at:
        raise Conflict("You have completed this course: its certificate needs your enrolment.")
    record_deletion(user, enrollment)
    enrollment.delete()
    tasks.refresh_statistics.delay_on_commit([course_id])


@transaction.atomic
def add_review(*, user: User, course: Course, rating: int, text: str = "") -> Review:
    """Add the user's one review of a course, and return it.

    Raises:
        PermissionDenied: not enrolled.
        Conflict: reviewed already.
    """
    lock_enrollment(user, course.pk)
    try:
        with transaction.atomic():
            review = Review.objects.create(user=user, course=course, rating=rating, text=text)
    except IntegrityError as error:
        raise Conflict("You have already reviewed this course.") from error
    record_addition(user, review)
    tasks.refresh_statistics.delay_on_commit([course.pk])
    return review


@transaction.atomic
def save_review(review: Review) -> None:
    """Save a review that its author has changed; the statistics follow."""
    review.save()
    tasks.refresh_statistics.delay_on_commit([review.course_id])


@transaction.atomic
def delete_review(review: Review) -> None:
    """Delete a review; the statistics follow."""
    review.delete()
    tasks.refresh_statistics.delay_on_commit([review.course_id])


@transaction.atomic
def complete_course(*, user: User, course: Course) -> Certificate:
    """Complete a course. Return its certificate, whose file is made in the background.

    Completing again changes nothing, also where lessons were added.

    Raises:
        Http404: the course was deleted.
        PermissionDenied: not enrolled.
        Conflict: a lesson is missing, and COURSE_COMPLETION asks for all.
    """
    lock_course(course.pk)  # no lesson is added before the commit
    enrollment = lock_enrollment(user, course.pk)
    if enrollment.completed_at is None:
        if settings.COURSE_COMPLETION == "lessons":
            require_all_lessons(enrollment)
        enrollment.completed_at = timezone.now()
        enrollment.save(update_fields=["completed_at"])
        record_change(user, enrollment, ["completed_at"])
    certificate, created = Certificate.objects.issue(enrollment)
    if created:
        tasks.certify.delay_on_commit(enrollment.pk)
    return certificate


def delete_course(course: Course) -> None:
    """Delete a course, which the caller has locked, with its modules and lessons.

    Raises:
        Conflict: a user is enrolled in it or has reviewed it.
    """
    try:
        delete_unreferenced(course)
    except Conflict as error:
        raise Conflict(f"{error.detail} To hide the course, set is_published to false.") from error
