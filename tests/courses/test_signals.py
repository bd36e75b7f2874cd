"""Which change touches what: all of what it concerns, and details of other courses not."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.db.models import Value
from django.db.models.functions import Concat

from courses import cache, selectors, statistics, view_counts
from courses.models import Category, Course, CourseStats, Lesson, Module
from tests.courses import factories

pytestmark = pytest.mark.django_db

DETAIL, OTHER, TOP, PAGES, CATEGORIES = "detail", "detail of another", "top", "pages", "categories"
LISTS = {TOP, PAGES}
EVERYTHING = {DETAIL, OTHER, TOP, PAGES, CATEGORIES}


class Catalogue:
    """Two courses in one category, each with a module and a lesson, and readers of all of it."""

    def __init__(self):
        self.category = factories.CategoryFactory(name="Old name")
        self.course, self.other = factories.CourseFactory.create_batch(2, category=self.category)
        self.module = factories.ModuleFactory(course=self.course)
        self.module_of_other = factories.ModuleFactory(course=self.other)
        self.lesson = factories.LessonFactory(module=self.module)
        self.free_category = factories.CategoryFactory()
        self.enrollment = factories.EnrollmentFactory(course=self.course)
        self.review = factories.ReviewFactory(course=self.course, user=self.enrollment.user)
        statistics.reconcile_statistics()

    def readings(self):
        return {
            DETAIL: cache.course_detail.get(pk=self.course.pk),
            OTHER: cache.course_detail.get(pk=self.other.pk),
            TOP: cache.top_courses.get(limit=5, order="-id"),
            PAGES: cache.course_pages.get(page=1, page_size=20, order="-id"),
            CATEGORIES: cache.categories.get(),
        }

    def missed_after(self, change):
        """Return what ``change(self)`` invalidated; what is served afterwards is as in the database."""
        self.read_twice()
        with transaction.atomic():
            change(self)
        readings = self.readings()
        assert {name: reading.value for name, reading in readings.items()} == self.fresh()
        return missed(readings)

    def read_twice(self):
        self.readings()
        assert missed(self.readings()) == set()

    def fresh(self):
        return {
            DETAIL: selectors.course_detail(pk=self.course.pk, drafts=True),
            OTHER: selectors.course_detail(pk=self.other.pk),
            TOP: selectors.top_courses(limit=5, order="-id"),
            PAGES: selectors.course_page(page=1, page_size=20, order="-id"),
            CATEGORIES: selectors.category_list(),
        }


def missed(readings):
    return {name for name, reading in readings.items() if reading.x_cache != "HIT"}


@pytest.fixture
def catalogue():
    return Catalogue()


def saved(row, **values):
    for name, value in values.items():
        setattr(row, name, value)
    row.save()


def bulk_updated(row, **values):
    for name, value in values.items():
        setattr(row, name, value)
    type(row).objects.bulk_update([row], list(values))


def raw(sql, *params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


OF_ONE_COURSE = {
    "title saved": lambda c: saved(c.course, title="New"),
    "title updated": lambda c: Course.objects.filter(pk=c.course.pk).update(title="New"),
    "title bulk-updated": lambda c: bulk_updated(c.course, title="New"),
    "found by what it changes": lambda c: Course.objects.filter(title=c.course.title).update(title="New"),
    "category changed": lambda c: saved(c.course, category=c.free_category),
    "category removed": lambda c: c.category.courses.remove(c.course),
    "a learner more": lambda c: (
        factories.EnrollmentFactory(course=c.course),
        statistics.refresh_statistics([c.course.pk]),
    ),
    "a review less": lambda c: (c.review.delete(), statistics.reconcile_statistics()),
    "statistics saved": lambda c: saved(c.course.stats, students_count=9),
    "statistics updated": lambda c: CourseStats.objects.filter(pk=c.course.pk).update(rating=2, views=9),
    "category set from the other side": lambda c: c.free_category.courses.add(c.course),
    "title changed in SQL": lambda c: raw(
        "UPDATE courses_course SET title = 'New' WHERE id = %s", c.course.pk
    ),
    "students changed in SQL": lambda c: raw(
        "UPDATE courses_coursestats SET students_count = 9 WHERE course_id = %s", c.course.pk
    ),
    "its learner deleted": lambda c: (
        get_user_model().objects.get(pk=c.enrollment.user_id).delete(),
        statistics.reconcile_statistics(),
    ),
}

OF_ONE_OUTLINE = {
    "module added": lambda c: factories.ModuleFactory(course=c.course),
    "modules bulk-created": lambda c: Module.objects.bulk_create([Module(course=c.course, title="New")]),
    "module renamed": lambda c: saved(c.module, title="New"),
    "module updated": lambda c: Module.objects.filter(pk=c.module.pk).update(title="New"),
    "module bulk-updated": lambda c: bulk_updated(c.module, title="New"),
    "module deleted": lambda c: c.module.delete(),
    "modules deleted": lambda c: Module.objects.filter(course=c.course).delete(),
    "lesson added": lambda c: factories.LessonFactory(module=c.module),
    "lessons bulk-created": lambda c: Lesson.objects.bulk_create([Lesson(module=c.module, title="New")]),
    "lesson renamed": lambda c: saved(c.lesson, title="New"),
    "lesson updated": lambda c: Lesson.objects.filter(pk=c.lesson.pk).update(title="New"),
    "lesson bulk-updated": lambda c: bulk_updated(c.lesson, title="New"),
    "lesson deleted": lambda c: c.lesson.delete(),
    "lessons deleted": lambda c: Lesson.objects.filter(module=c.module).delete(),
}

OF_TWO_OUTLINES = {
    "module moved": lambda c: saved(c.module, course=c.other),
    "module moved by update": lambda c: Module.objects.filter(pk=c.module.pk).update(course=c.other),
    "module moved by bulk_update": lambda c: bulk_updated(c.module, course=c.other),
    "lesson moved": lambda c: saved(c.lesson, module=c.module_of_other),
    "lesson moved by update": lambda c: Lesson.objects.filter(pk=c.lesson.pk).update(
        module=c.module_of_other
    ),
    "lesson moved by bulk_update": lambda c: bulk_updated(c.lesson, module=c.module_of_other),
}

OF_ALL = {
    "category renamed": lambda c: saved(c.category, name="New name"),
    "category updated": lambda c: Category.objects.filter(pk=c.category.pk).update(name="New name"),
    "category bulk-updated": lambda c: bulk_updated(c.category, name="New name"),
    "category renamed in SQL": lambda c: raw(
        "UPDATE courses_category SET name = 'New name' WHERE id = %s", c.category.pk
    ),
}


def cases(changes):
    return pytest.mark.parametrize("change", changes.values(), ids=changes.keys())


@cases(OF_ONE_COURSE)
def test_a_course_touches_its_detail_and_the_lists(catalogue, change):
    assert catalogue.missed_after(change) == {DETAIL} | LISTS


@cases(OF_ONE_OUTLINE)
def test_an_outline_touches_the_detail_of_its_course_only(catalogue, change):
    assert catalogue.missed_after(change) == {DETAIL}


@cases(OF_TWO_OUTLINES)
def test_a_move_touches_the_course_it_left_and_the_one_it_joined(catalogue, change):
    assert catalogue.missed_after(change) == {DETAIL, OTHER}


@cases(OF_ALL)
def test_a_category_touches_everything_it_is_shown_in(catalogue, change):
    assert catalogue.missed_after(change) == EVERYTHING


@pytest.mark.parametrize(
    "change", [lambda c: factories.CategoryFactory(), lambda c: c.free_category.delete()]
)
def test_a_category_without_courses_touches_no_detail(catalogue, change):
    """Which lists show it is not followed: their declarations say ALL."""
    assert catalogue.missed_after(change) == {CATEGORIES} | LISTS


def test_a_new_course_touches_the_lists(catalogue):
    assert LISTS <= catalogue.missed_after(lambda c: factories.CourseFactory(category=c.category)) <= LISTS


def test_a_statement_over_all_courses_touches_all_of_them(catalogue):
    change = lambda _: Course.objects.update(title=Concat("title", Value("!")))  # noqa: E731
    assert catalogue.missed_after(change) == {DETAIL, OTHER} | LISTS


def test_enrolments_and_reviews_touch_nothing_before_they_are_summed_up(catalogue):
    assert catalogue.missed_after(lambda c: factories.EnrollmentFactory(course=c.course)) == set()
    assert catalogue.missed_after(lambda c: factories.ReviewFactory(course=c.course)) == set()


def test_a_view_counted_touches_nothing_before_the_flush(catalogue):
    assert catalogue.missed_after(lambda c: view_counts.course_views.count(c.course.pk)) == set()


def test_a_flush_of_views_touches_nothing(catalogue):
    """They may lag: were each flush to invalidate, nothing would be cached for longer than a minute."""
    catalogue.read_twice()
    view_counts.course_views.count(catalogue.course.pk)
    assert view_counts.flush_views() == 1
    readings = catalogue.readings()
    assert missed(readings) == set()
    assert (readings[DETAIL].value["views"], catalogue.fresh()[DETAIL]["views"]) == (0, 1)
    saved(catalogue.course, title="New")
    assert catalogue.readings()[DETAIL].value["views"] == 1


@pytest.mark.parametrize("delete", [lambda c: c.delete(), lambda c: Course.objects.filter(pk=c.pk).delete()])
def test_a_deleted_course_is_gone_from_the_cache(delete):
    lesson = factories.LessonFactory()
    course = lesson.module.course
    cache.course_detail.get(pk=course.pk)
    cache.top_courses.get(limit=5, order="-id")
    delete(course)
    with pytest.raises(Course.DoesNotExist):
        cache.course_detail.get(pk=course.pk)
    assert cache.top_courses.get(limit=5, order="-id").value == []


def test_a_withdrawn_course_is_gone_from_the_cache():
    course = factories.CourseFactory()
    cache.course_detail.get(pk=course.pk)
    saved(course, is_published=False)
    with pytest.raises(Course.DoesNotExist):
        cache.course_detail.get(pk=course.pk)
    with pytest.raises(Course.DoesNotExist):
        cache.course_detail.get(pk=course.pk)


@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_rolled_back_touches_nothing():
    catalogue = Catalogue()
    catalogue.readings()
    with transaction.atomic():
        saved(catalogue.course, title="Never")
        transaction.set_rollback(True)
    assert {reading.x_cache for reading in catalogue.readings().values()} == {"HIT"}
