"""What the database itself refuses, and what saving a course must not undo."""

from __future__ import annotations

import pytest
from django.db import IntegrityError
from django.db.models import F, ProtectedError

from courses.models import Course
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("factory", "values"),
    [
        (factories.CategoryFactory, {"name": ""}),
        (factories.CourseFactory, {"title": ""}),
        (factories.CourseFactory, {"rating": "5.01"}),
        (factories.CourseFactory, {"rating": "-0.01"}),
        (factories.CourseFactory, {"views": -1}),
        (factories.CourseFactory, {"students_count": -1}),
        (factories.ModuleFactory, {"title": ""}),
        (factories.ModuleFactory, {"position": -1}),
        (factories.LessonFactory, {"title": ""}),
        (factories.LessonFactory, {"position": -1}),
        (factories.ReviewFactory, {"rating": 0}),
        (factories.ReviewFactory, {"rating": 6}),
    ],
)
def test_the_database_refuses(factory, values):
    with pytest.raises(IntegrityError):
        factory(**values)


def test_a_category_name_is_unique():
    factories.CategoryFactory(name="Python")
    with pytest.raises(IntegrityError):
        factories.CategoryFactory(name="Python")


@pytest.mark.parametrize("factory", [factories.EnrollmentFactory, factories.ReviewFactory])
def test_one_row_per_user_and_course(factory):
    row = factory()
    with pytest.raises(IntegrityError):
        factory(user=row.user, course=row.course)


def test_a_category_in_use_is_protected():
    course = factories.CourseFactory()
    with pytest.raises(ProtectedError):
        course.category.delete()


@pytest.mark.parametrize("factory", [factories.EnrollmentFactory, factories.ReviewFactory])
def test_a_course_in_use_is_protected(factory):
    with pytest.raises(ProtectedError):
        factory().course.delete()


def test_modules_and_lessons_go_with_their_course():
    lesson = factories.LessonFactory()
    _, deleted = lesson.module.course.delete()
    assert deleted == {"courses.Course": 1, "courses.Module": 1, "courses.Lesson": 1}


def test_saving_an_old_instance_keeps_what_was_counted_since():
    old = Course.objects.get(pk=factories.CourseFactory().pk)
    Course.objects.update(views=F("views") + 7, students_count=3, rating="4.50")
    old.title = "New title"
    old.save()
    old.refresh_from_db()
    assert (old.title, old.views, old.students_count, float(old.rating)) == ("New title", 7, 3, 4.5)
    old.save()
    assert Course.objects.get().views == 7


def test_a_created_instance_does_not_reset_the_counts_either():
    created = factories.CourseFactory()
    Course.objects.update(views=7)
    created.save()
    assert Course.objects.get().views == 7


def test_a_count_set_by_hand_is_saved():
    course = factories.CourseFactory()
    course.views = 12
    course.save()
    assert Course.objects.get().views == 12


def test_a_deferred_field_stays_unloaded_and_unwritten():
    course = Course.objects.only("title").get(pk=factories.CourseFactory().pk)
    Course.objects.update(description="newer", views=2)
    course.title = "New title"
    course.save()
    assert course.get_deferred_fields() >= {"description", "views"}
    assert Course.objects.values_list("title", "description", "views").get() == ("New title", "newer", 2)
