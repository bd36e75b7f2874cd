"""``students_count`` and ``rating`` follow Enrollment and Review."""

from __future__ import annotations

from functools import partial

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from courses import actions, statistics, tasks
from courses.models import Course, CourseStats, Enrollment, Review
from tests.courses import factories
from tests.courses.row_versions import versions
from tests.support.broker import queued
from tests.support.threads import Other, at_once

pytestmark = pytest.mark.django_db


def statistics_of(course):
    students, rating = CourseStats.objects.values_list("students_count", "rating").get(pk=course.pk)
    return students, float(rating)


def updates(captured):
    return [query["sql"] for query in captured if query["sql"].startswith("UPDATE")]


def test_they_are_the_number_of_enrolments_and_the_mean_of_reviews():
    course = factories.CourseFactory()
    factories.EnrollmentFactory.create_batch(3, course=course)
    for rating in (5, 4, 4):
        factories.ReviewFactory(course=course, rating=rating)
    statistics.refresh_statistics([course.pk])
    assert statistics_of(course) == (3, 4.33)


def test_they_return_to_zero():
    course = factories.CourseFactory(students_count=3, rating=4)
    statistics.refresh_statistics([course.pk])
    assert statistics_of(course) == (0, 0)


def test_a_refresh_leaves_other_courses_alone():
    course, other = factories.CourseFactory.create_batch(2, students_count=3)
    assert statistics.refresh_statistics([course.pk]) == 1
    assert statistics_of(other) == (3, 0)


def test_a_refresh_of_what_is_right_writes_nothing():
    course = factories.EnrollmentFactory().course
    assert statistics.refresh_statistics([course.pk]) == 1
    before = versions(CourseStats)
    assert statistics.refresh_statistics([course.pk]) == 0
    assert versions(CourseStats) == before


def test_the_reconciliation_writes_only_the_rows_that_differ():
    _, wrong = factories.CourseFactory.create_batch(2)
    CourseStats.objects.filter(pk=wrong.pk).update(students_count=7)
    courses, before = versions(Course), versions(CourseStats)
    assert statistics.reconcile_statistics() == 1
    assert versions(Course) == courses
    assert {pk for pk, version in versions(CourseStats).items() if version != before[pk]} == {wrong.pk}


def test_the_reconciliation_adds_rows_that_were_deleted():
    enrollment = factories.EnrollmentFactory()
    kept = factories.CourseFactory(views=5)
    CourseStats.objects.exclude(pk=kept.pk).delete()
    statistics.reconcile_statistics()
    assert statistics_of(enrollment.course) == (1, 0)
    assert CourseStats.objects.get(pk=kept.pk).views == 5


@pytest.mark.parametrize("drifted", [1, 50])
def test_the_reconciliation_repairs_all_in_one_statement(drifted):
    right = factories.CourseFactory()
    wrong = factories.CourseFactory.create_batch(drifted, students_count=7, rating=3)
    factories.EnrollmentFactory(course=wrong[0])
    with CaptureQueriesContext(connection) as captured:
        assert statistics.reconcile_statistics() == drifted
    assert len(updates(captured)) == 1
    assert statistics_of(wrong[0]) == (1, 0)
    assert statistics_of(wrong[-1])[1] == statistics_of(right)[1] == 0
    assert statistics.reconcile_statistics() == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda e: Enrollment.objects.filter(pk=e.pk).delete(),
        lambda e: get_user_model().objects.filter(pk=e.user_id).delete(),
        lambda e: Enrollment.objects.bulk_create(
            [Enrollment(course=e.course, user=factories.UserFactory()) for _ in range(3)]
        ),
        lambda e: Review.objects.filter(course=e.course).update(rating=1),
    ],
)
def test_the_reconciliation_repairs_what_no_message_reported(change):
    enrollment = factories.EnrollmentFactory()
    course = factories.ReviewFactory(course=enrollment.course, user=enrollment.user).course
    statistics.reconcile_statistics()
    change(enrollment)
    tasks.reconcile_statistics()
    ratings = list(course.reviews.values_list("rating", flat=True))
    assert statistics_of(course) == (course.enrollments.count(), ratings[0] if ratings else 0)


@pytest.mark.django_db(transaction=True)
class TestConcurrency:
    def test_a_lost_message_is_made_up_for(self):
        course = factories.CourseFactory()
        actions.enroll(user=factories.UserFactory(), course=course)
        assert queued("default") == ["courses.tasks.refresh_statistics"]
        assert statistics_of(course) == (0, 0)  # there is no worker: the message is as good as lost
        tasks.reconcile_statistics()
        assert statistics_of(course) == (1, 0)

    def test_of_simultaneous_enrolments_none_is_left_out(self):
        course = factories.CourseFactory()
        users = factories.UserFactory.create_batch(8)

        def enroll(user):
            enrollment, _ = actions.enroll(user=user, course=course)
            statistics.refresh_statistics([course.pk])
            return enrollment

        at_once(*(partial(enroll, user) for user in users))
        assert statistics_of(course) == (8, 0)

    def test_a_refresh_waits_for_another_under_way_before_it_compares(self):
        """What is right in this moment may be replaced by an older count that is being committed."""
        course = factories.EnrollmentFactory().course
        statistics.refresh_statistics([course.pk])

        with transaction.atomic():
            CourseStats.objects.filter(pk=course.pk).update(students_count=5)
            waiting = Other(lambda: statistics.refresh_statistics([course.pk]))
            waiting.wait_until_it_waits()
        waiting.result()
        assert statistics_of(course) == (1, 0)

    def test_a_learner_who_enrols_at_the_same_time_is_counted(self):
        """The timeline of ``refresh_statistics``."""
        course = factories.EnrollmentFactory().course

        with transaction.atomic():
            statistics.lock_statistics([course.pk])
            waiting = Other(lambda: statistics.refresh_statistics([course.pk]))
            waiting.wait_until_it_waits()
            Other(partial(factories.EnrollmentFactory, course=course)).result()
        waiting.result()
        assert statistics_of(course) == (2, 0)

    def test_opposite_orders_do_not_deadlock(self):
        courses = factories.CourseFactory.create_batch(5)
        ids = [course.pk for course in courses]

        def refresh(order):
            for _ in range(10):
                CourseStats.objects.filter(pk=ids[0]).update(students_count=9)
                statistics.refresh_statistics(order)

        assert at_once(partial(refresh, ids), partial(refresh, ids[::-1])) == [None, None]
