"""Every view is added to the database exactly once, whatever happens to a flush."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from caching import RedisUnavailable
from core import redis_state
from courses import view_counts
from courses.models import Course, CourseStats, ViewBatch
from tests.courses import factories
from tests.courses.row_versions import versions
from tests.support.processes import child_environment
from tests.support.threads import at_once
from tests.support.waiting import until

pytestmark = pytest.mark.django_db

# Flushes, but is killed when it reaches the function that it is given.
KILLED_FLUSH = """
import os, signal, sys
import django
django.setup()
from courses import view_counts
setattr(view_counts, sys.argv[1], lambda *args: os.kill(os.getpid(), signal.SIGKILL))
view_counts.flush_views()
"""


def counted(course, views):
    for _ in range(views):
        view_counts.course_views.count(course.pk)


def views_of(course):
    return CourseStats.objects.values_list("views", flat=True).get(pk=course.pk)


def test_views_are_added_to_what_is_there_in_one_update():
    courses = factories.CourseFactory.create_batch(3, views=100)
    for number, course in enumerate(courses):
        counted(course, number)
    with CaptureQueriesContext(connection) as captured:
        assert view_counts.flush_views() == 2
    assert [views_of(course) for course in courses] == [100, 101, 102]
    updates = [query["sql"] for query in captured if query["sql"].startswith("UPDATE")]
    assert len(updates) == 1
    assert 'SET "views" = ("courses_coursestats"."views" + ' in updates[0]


def test_a_flush_costs_the_same_for_1_and_50_courses():
    costs = []
    for courses in (1, 50):
        for course in factories.CourseFactory.create_batch(courses):
            counted(course, 1)
        with CaptureQueriesContext(connection) as captured:
            view_counts.flush_views()
        costs.append(len(captured))
    assert costs[0] == costs[1]


def test_a_flush_writes_no_row_of_the_courses():
    course = factories.CourseFactory(students_count=3, rating=4)
    counted(course, 2)
    before = versions(Course), versions(CourseStats)
    view_counts.flush_views()
    assert versions(Course) == before[0]
    assert versions(CourseStats) != before[1]
    assert CourseStats.objects.values_list("views", "students_count", "rating").get() == (2, 3, 4)


def test_nothing_counted_is_nothing_flushed(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert view_counts.flush_views() == 0


def test_views_of_a_course_that_has_gone_are_dropped():
    gone, stays = factories.CourseFactory.create_batch(2)
    counted(gone, 5)
    counted(stays, 2)
    Course.objects.filter(pk=gone.pk).delete()
    assert view_counts.flush_views() == 1
    assert views_of(stays) == 2
    assert not redis_state.client().exists(view_counts.COUNTING, view_counts.BATCH)


def test_views_counted_during_a_flush_wait_for_the_next():
    course = factories.CourseFactory()
    counted(course, 2)
    batch = view_counts.take_batch()
    counted(course, 3)
    view_counts.add_batch(batch)
    assert views_of(course) == 2
    view_counts.drop_batch(batch)
    view_counts.flush_views()
    assert views_of(course) == 5


def test_a_batch_is_added_once_however_often_it_is_taken():
    course = factories.CourseFactory()
    counted(course, 2)
    first, second = view_counts.take_batch(), view_counts.take_batch()
    assert first == second
    assert [view_counts.add_batch(first), view_counts.add_batch(second)] == [1, 0]
    assert views_of(course) == 2


def test_a_slow_flush_does_not_drop_the_batch_of_the_next():
    course = factories.CourseFactory()
    counted(course, 2)
    slow = view_counts.take_batch()
    view_counts.flush_views()
    counted(course, 3)
    view_counts.take_batch()
    view_counts.drop_batch(slow)
    view_counts.flush_views()
    assert views_of(course) == 5


def test_the_names_of_old_batches_are_deleted():
    old = ViewBatch.objects.create(
        pk="00000000-0000-0000-0000-000000000001", applied_at=timezone.now() - timedelta(days=8)
    )
    counted(factories.CourseFactory(), 1)
    view_counts.flush_views()
    assert ViewBatch.objects.exclude(pk=old.pk).count() == ViewBatch.objects.count() == 1


@pytest.mark.django_db(transaction=True)
class TestKills:
    def flush_killed_before(self, function):
        command = [sys.executable, "-c", KILLED_FLUSH, function]
        done = subprocess.run(command, env=child_environment(), cwd=settings.BASE_DIR, capture_output=True)
        assert done.returncode == -signal.SIGKILL, done.stderr.decode()

    @pytest.mark.parametrize(
        ("function", "added_by_then"),
        [
            pytest.param("add_batch", 0, id="between Redis and the database"),
            pytest.param("_counted", 0, id="inside the transaction"),
            pytest.param("drop_batch", 2, id="between the commit and Redis"),
        ],
    )
    def test_a_killed_flush_loses_and_doubles_nothing(self, function, added_by_then):
        course = factories.CourseFactory()
        counted(course, 2)
        self.flush_killed_before(function)
        assert views_of(course) == added_by_then
        counted(course, 3)
        view_counts.flush_views()  # finishes what was left
        view_counts.flush_views()
        assert views_of(course) == 5

    def test_simultaneous_flushes_and_reads_count_exactly(self):
        courses = factories.CourseFactory.create_batch(3)

        def read():
            for _ in range(40):
                for course in courses:
                    view_counts.course_views.count(course.pk)

        def flush():
            for _ in range(10):
                view_counts.flush_views()

        assert at_once(read, read, read, flush, flush, flush) == [None] * 6
        view_counts.flush_views()
        view_counts.flush_views()
        assert [views_of(course) for course in courses] == [120] * 3


class TestRedisAway:
    def test_counting_does_not_fail_and_soon_costs_nothing_and_recovers(self, own_redis, caplog):
        start, _ = own_redis
        course = factories.CourseFactory()
        counted(course, 3)
        assert "is not counted" in caplog.text
        started = time.perf_counter()
        counted(course, 100)
        assert time.perf_counter() - started < 0.1
        start()
        until(lambda: not redis_state.server().breaker.is_open)
        counted(course, 1)
        view_counts.flush_views()
        assert views_of(course) == 1

    def test_a_flush_fails_and_leaves_everything_for_the_next(self, own_redis):
        with pytest.raises(RedisUnavailable):
            view_counts.flush_views()
