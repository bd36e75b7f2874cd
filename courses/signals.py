"""Which change touches what is cached. Receivers only.

====================================  ==================================================
change                                touched
====================================  ==================================================
a course, its students or rating      its detail; the top lists; the list pages
its views                             nothing: they may lag
a category's name; its deletion       the categories; every detail; the lists
a new category                        the categories
a module or lesson                    the details of the course it was in and is in now
====================================  ==================================================

Enrolments and reviews change nothing that is cached until background work writes what they sum up to
into CourseStats.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models.signals import post_delete, post_save, pre_save
from django.dispatch import receiver

from caching import rows_changed
from caching.transaction import changes
from courses import cache
from courses.models import Category, Course, CourseStats, Lesson, Module

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


@receiver([post_save, post_delete], sender=Course)
def touch_course(instance: Course, **_: Any) -> None:
    _touch_courses([instance.pk])


@receiver(rows_changed, sender=Course)
def touch_changed_courses(pks: list[int], **_: Any) -> None:
    _touch_courses(pks)


@receiver([post_save, post_delete], sender=CourseStats)
def touch_course_of_statistics(instance: CourseStats, **_: Any) -> None:
    _touch_courses([instance.pk])


@receiver(rows_changed, sender=CourseStats)
def touch_courses_of_changed_statistics(
    pks: list[int], using: str, fields: Collection[str] = (), **_: Any
) -> None:
    if set(fields) == {"views"}:
        changes(using).touches += 1  # heard, so that the guard takes nothing either
    else:
        _touch_courses(pks)


@receiver(post_save, sender=Category)
def touch_saved_category(created: bool, **_: Any) -> None:
    cache.categories.touch()
    if not created:
        _touch_all_courses()


@receiver(post_delete, sender=Category)
@receiver(rows_changed, sender=Category)
def touch_changed_categories(**_: Any) -> None:
    cache.categories.touch()
    _touch_all_courses()


@receiver([pre_save, post_save, post_delete], sender=Module)
def touch_outline_of_module(instance: Module, **_: Any) -> None:
    """Before a save the stored row still names the course that the module leaves."""
    _touch_details([instance.course_id, *_courses_of_modules([instance.pk])])


@receiver(rows_changed, sender=Module)
def touch_outlines_of_modules(pks: list[int], **_: Any) -> None:
    _touch_details(_courses_of_modules(pks))


@receiver([pre_save, post_save], sender=Lesson)
def touch_outline_of_lesson(instance: Lesson, **_: Any) -> None:
    _touch_details(_courses_of_lessons([instance.pk]))


@receiver(rows_changed, sender=Lesson)
def touch_outlines_of_lessons(pks: list[int], **_: Any) -> None:
    """Sent before a delete, too."""
    _touch_details(_courses_of_lessons(pks))


def _courses_of_modules(pks: list[int]) -> Iterable[int]:
    return Module.objects.filter(pk__in=pks).values_list("course_id", flat=True).distinct()


def _courses_of_lessons(pks: list[int]) -> Iterable[int]:
    """Locks the modules as well: one that is moving takes its lessons to a course not yet seen here.

    With a lesson in hand nobody waits for a module, whose holder may be waiting for the lesson: where
    one is held, all details are touched.
    """
    lessons = Lesson.objects.select_for_update(no_key=True, skip_locked=True).filter(pk__in=pks)
    found = list(lessons.order_by("pk").values_list("module__course_id", flat=True))
    if len(found) < sum(pk is not None for pk in pks):
        cache.course_detail.touch_all()
    return set(found)


def _touch_details(course_ids: Iterable[int]) -> None:
    for pk in course_ids:
        cache.course_detail.touch(pk=pk)


def _touch_courses(pks: Iterable[int]) -> None:
    _touch_details(pks)
    _touch_lists()


def _touch_all_courses() -> None:
    cache.course_detail.touch_all()
    _touch_lists()


def _touch_lists() -> None:
    cache.top_courses.touch_all()
    cache.course_pages.touch()
