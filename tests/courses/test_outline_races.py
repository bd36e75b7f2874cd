"""Modules and lessons are written while others move them, make them, or write them too."""

from __future__ import annotations

import pytest
from django.core import serializers
from django.db import transaction
from django.db.models.signals import pre_save

from courses import cache, selectors
from courses.models import Lesson, Module
from tests.caching.interleaving import reach
from tests.courses import factories
from tests.support.waiting import a_session_waits_for_a_lock, until

pytestmark = pytest.mark.django_db(transaction=True)


def rename(lesson):
    lesson.title = "New"
    lesson.save()


WRITES = {
    "saved": rename,
    "updated": lambda lesson: Lesson.objects.filter(pk=lesson.pk).update(title="New"),
    "deleted": Lesson.delete,
    "added": lambda lesson: Lesson.objects.create(module=lesson.module, title="New"),
    "bulk-created": lambda lesson: Lesson.objects.bulk_create([Lesson(module=lesson.module, title="New")]),
}


def titles(course):
    return [lesson["title"] for module in course["modules"] for lesson in module["lessons"]]


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_a_lesson_written_while_its_module_moves_is_not_missed(interleaving, write):
    """The writer must not take the lesson's course from a module that is just moving."""
    lesson = factories.LessonFactory(title="Old")
    course = factories.CourseFactory()
    mover = interleaving.actor(lambda: Module.objects.filter(pk=lesson.module_id).update(course=course))
    writer = interleaving.actor(lambda: write(lesson))
    mover.run_to("COMMIT")
    writer.start_to("fence")
    until(lambda: a_session_waits_for_a_lock() or "fence" in writer.steps)
    mover.finish()
    assert titles(cache.course_detail.get(pk=course.pk).value) == ["Old"]
    writer.wait()
    writer.finish()
    assert cache.course_detail.get(pk=course.pk).value == selectors.course_detail(pk=course.pk)


def check(*courses):
    for course in courses:
        assert cache.course_detail.get(pk=course.pk).value == selectors.course_detail(pk=course.pk)


def test_a_module_loaded_from_a_fixture_while_it_moves_leaves_no_course_stale(interleaving):
    module = factories.ModuleFactory()
    middle, last = factories.CourseFactory.create_batch(2)
    module.course = last
    text = serializers.serialize("json", [module])

    def load():
        with transaction.atomic():  # as loaddata does
            for item in serializers.deserialize("json", text):
                item.save()

    mover = interleaving.actor(lambda: Module.objects.filter(pk=module.pk).update(course=middle))
    loader = interleaving.actor(load)
    mover.run_to("COMMIT")
    loader.start_to("fence")
    until(lambda: a_session_waits_for_a_lock() or "fence" in loader.steps)
    mover.finish()
    check(middle)
    loader.wait()
    loader.finish()
    check(middle, last)


def test_a_row_saved_under_a_key_that_another_is_making_leaves_no_course_stale(interleaving):
    """There was no row to lock, so no position could be read; at the UPDATE there is one."""
    course, other = factories.CourseFactory.create_batch(2)

    def pause(**_):
        reach("between pre_save and UPDATE")

    pre_save.connect(pause, sender=Module)
    try:
        mover = interleaving.actor(Module(pk=4711, course=other, title="Moved").save)
        mover.run_to("between pre_save and UPDATE")
        Module(pk=4711, course=course, title="Made").save()
        check(course, other)
        mover.finish()
        check(course, other)
    finally:
        pre_save.disconnect(pause, sender=Module)


def edit(lesson):
    mine = Lesson.objects.get(pk=lesson.pk)
    mine.title = "Edited"
    mine.save()


def test_a_module_saved_with_its_lessons_and_one_of_them_do_not_deadlock(interleaving):
    """As two pages of the admin do."""
    lesson = factories.LessonFactory()

    def save_with_module():
        with transaction.atomic():
            Module.objects.get(pk=lesson.module_id).save()
            reach("module saved")
            edit(lesson)

    first, second = interleaving.actor(save_with_module), interleaving.actor(lambda: edit(lesson))
    first.run_to("module saved")
    second.start_to(None)
    until(lambda: a_session_waits_for_a_lock() or second.done)
    first.finish()
    second.wait()
    second.finish()


def test_lessons_of_two_modules_written_in_opposite_order_do_not_deadlock(interleaving):
    one, two = factories.ModuleFactory.create_batch(2)
    there = [factories.LessonFactory(module=module) for module in (one, two)]
    back = [factories.LessonFactory(module=module) for module in (two, one)]

    def edit_all(lessons):
        with transaction.atomic():
            for lesson in lessons:
                edit(lesson)
                reach("one edited")

    first, second = interleaving.actor(lambda: edit_all(there)), interleaving.actor(lambda: edit_all(back))
    first.run_to("one edited")
    second.run_to("one edited")
    first.start_to(None)
    until(lambda: a_session_waits_for_a_lock() or first.done)
    second.start_to(None)
    second.wait()
    first.wait()
    second.finish()
    first.finish()


@pytest.mark.parametrize("second_write", ["move", "add"])
def test_lessons_that_come_to_one_module_at_once_have_places_of_their_own(interleaving, second_write):
    module = factories.ModuleFactory()
    lessons = factories.LessonFactory.create_batch(2)

    def move(lesson):
        Lesson.objects.filter(pk=lesson.pk).update(module=module)

    def move_first():
        with transaction.atomic():
            move(lessons[0])
            reach("first moved")

    first = interleaving.actor(move_first)
    second = interleaving.actor(
        lambda: (
            move(lessons[1]) if second_write == "move" else Lesson.objects.create(module=module, title="New")
        )
    )
    first.run_to("first moved")
    second.start_to(None)
    until(lambda: a_session_waits_for_a_lock() or second.done)
    first.finish()
    second.wait()
    second.finish()
    assert list(module.lessons.values_list("position", flat=True)) == [1, 2]
