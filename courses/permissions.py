"""Who sees what of a course."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404

from courses.models import PUBLISHED, Course, Enrollment, Lesson, Module

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User
    from django.db.models import QuerySet

NO_COURSE = "There is no such course."  # the answer for drafts as well
NO_MODULE, NO_LESSON = "There is no such module.", "There is no such lesson."


def can_view_drafts(user: User | AnonymousUser) -> bool:
    """Return whether unpublished courses exist for this user."""
    if not user.is_authenticated:
        return False
    return user.has_perm("courses.view_course") or user.has_perm("courses.change_course")


def visible_courses(user: User | AnonymousUser) -> QuerySet[Course]:
    """Return the courses that exist for the user."""
    return Course.objects.all() if can_view_drafts(user) else Course.objects.filter(PUBLISHED)


def visible_modules(user: User | AnonymousUser) -> QuerySet[Module]:
    """Return the modules of the courses that exist for the user."""
    return Module.objects.filter(course__in=visible_courses(user))


def find_course(pk: int, user: User | AnonymousUser) -> Course:
    """Return the course.

    Raises:
        Http404: there is none for this user.
    """
    course = Course.objects.filter(pk=pk).first()
    if course is None or not (course.is_published or can_view_drafts(user)):
        raise Http404(NO_COURSE)
    return course


def find_lesson(pk: int, user: User | AnonymousUser) -> Lesson:
    """Return the lesson, with its course.

    Raises:
        Http404: there is none for this user.
    """
    lesson = Lesson.objects.select_related("module__course").filter(pk=pk).first()
    if lesson is None or not (lesson.module.course.is_published or can_view_drafts(user)):
        raise Http404(NO_LESSON)
    return lesson


def can_read_lessons(user: User, course: Course) -> bool:
    """Return whether the user may read the lessons of a course: staff and the enrolled may."""
    return user.is_staff or Enrollment.objects.filter(user=user, course=course).exists()
