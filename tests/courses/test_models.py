"""What the database itself refuses, and what saving a course must not undo."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError
from django.db.models import F, ProtectedError

from core.names import display_name
from courses.models import Course, CourseStats
from tests.courses import factories

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


@pytest.mark.parametrize("name", ["Python", "PYTHON", "Ｐｙｔｈｏｎ", "Py\u200bthon", " python  "])
def test_a_category_name_is_unique(name):
    factories.CategoryFactory(name="Python")
    with pytest.raises(IntegrityError):
        factories.CategoryFactory(name=name)


def test_a_certificate_never_states_an_invisible_name():
    user = factories.UserFactory(first_name="\u200b", last_name="\u3164")
    assert display_name(user) == user.get_username()


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
    assert deleted == {
        "courses.Course": 1,
        "courses.CourseStats": 1,
        "courses.Module": 1,
        "courses.Lesson": 1,
    }


def test_saving_an_old_instance_keeps_what_was_counted_since():
    old = Course.objects.select_related("stats").get(pk=factories.CourseFactory().pk)
    CourseStats.objects.update(views=F("views") + 7, students_count=3, rating="4.50")
    old.title = "New title"
    old.save()
    assert CourseStats.objects.values_list("views", "students_count", "rating").get() == (
        7,
        3,
        Decimal("4.50"),
    )
    assert Course.objects.get().title == "New title"


def test_a_created_instance_does_not_reset_the_counts_either():
    created = factories.CourseFactory()
    CourseStats.objects.update(views=7)
    created.save()
    assert CourseStats.objects.get().views == 7


def test_a_count_set_by_hand_is_saved():
    course = factories.CourseFactory(students_count=3)
    course.stats.views = 12
    course.stats.save()
    assert CourseStats.objects.values_list("views", "students_count").get() == (12, 3)


def test_a_deferred_field_stays_unloaded_and_unwritten():
    course = Course.objects.only("title").get(pk=factories.CourseFactory().pk)
    Course.objects.update(description="newer")
    course.title = "New title"
    course.save()
    assert "description" in course.get_deferred_fields()
    assert Course.objects.values_list("title", "description").get() == ("New title", "newer")


def test_adding_and_saving_a_course_take_one_statement_each(django_assert_num_queries):
    category = factories.CategoryFactory()
    with django_assert_num_queries(1):
        course = Course.objects.create(title="New", category=category)
    with django_assert_num_queries(1):
        course.save()


def test_statistics_of_a_course_without_a_row_are_zeros():
    course = factories.CourseFactory(views=3, rating=4)
    assert (course.statistics.views, course.statistics.rating) == (3, 4)
    CourseStats.objects.all().delete()
    for stored in (Course(), Course.objects.get()):
        found = stored.statistics
        assert (found.views, found.students_count, str(found.rating)) == (0, 0, "0.00")
