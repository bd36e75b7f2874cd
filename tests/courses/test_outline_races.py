"""A lesson is written while its module moves to another course."""

from __future__ import annotations

import pytest

from courses import cache, selectors
from courses.models import Lesson, Module
from tests import factories
from tests.caching import stage as stages
from tests.waiting import somebody_waits_for_a_lock, until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stage(monkeypatch):
    with stages.stage(monkeypatch) as made:
        yield made


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
def test_a_lesson_written_while_its_module_moves_is_not_missed(stage, write):
    """The writer must not take the lesson's course from a module that is just moving."""
    lesson = factories.LessonFactory(title="Old")
    course = factories.CourseFactory()
    mover = stage.actor(lambda: Module.objects.filter(pk=lesson.module_id).update(course=course))
    writer = stage.actor(lambda: write(lesson))
    mover.run_to("COMMIT")
    writer.start_to("fence")
    until(lambda: somebody_waits_for_a_lock() or "fence" in writer.steps)
    mover.finish()
    assert titles(cache.course_detail.get(pk=course.pk).value) == ["Old"]
    writer.wait()
    writer.finish()
    assert cache.course_detail.get(pk=course.pk).value == selectors.course_detail(pk=course.pk)
