"""Every course has its row of statistics, whatever statement adds the course."""

from __future__ import annotations

import json

import pytest
from django.core import serializers
from django.core.management import call_command
from django.db import connection

from courses.models import Course, CourseStats
from tests.courses import factories

pytestmark = pytest.mark.django_db


def insert(values):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO courses_course (id, title, description, is_published, created_at, updated_at) "
            f"VALUES {values}"
        )


def copy():
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO courses_course (id, title, description, is_published, created_at, updated_at) "
            "SELECT 7 + i, 'Copied', '', true, now(), now() FROM generate_series(1, 3) AS i"
        )


@pytest.mark.parametrize(
    ("add", "added"),
    [
        pytest.param(lambda: Course(title="New").save(), 1, id="save"),
        pytest.param(lambda: Course.objects.create(title="New"), 1, id="create"),
        pytest.param(lambda: Course.objects.get_or_create(title="New"), 1, id="get_or_create"),
        pytest.param(
            lambda: Course.objects.bulk_create([Course(title="New"), Course(title="New")]),
            2,
            id="bulk_create",
        ),
        pytest.param(lambda: Course.objects.bulk_create([Course(title="New")] * 0), 0, id="none"),
        pytest.param(
            lambda: insert("(7, 'New', '', true, now(), now()), (8, 'New', '', false, now(), now())"),
            2,
            id="SQL",
        ),
        pytest.param(copy, 3, id="INSERT … SELECT"),
    ],
)
def test_a_course_is_added_with_its_statistics(add, added):
    add()
    assert Course.objects.count() == added
    assert set(CourseStats.objects.values_list("pk", "views", "students_count", "rating")) == {
        (pk, 0, 0, 0) for pk in Course.objects.values_list("pk", flat=True)
    }


def test_an_upsert_of_a_course_keeps_its_statistics():
    course = factories.CourseFactory(views=5)
    Course.objects.bulk_create(
        [Course(pk=course.pk, title="Again"), Course(title="New")],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["title"],
    )
    assert Course.objects.get(pk=course.pk).title == "Again"
    assert list(CourseStats.objects.order_by("pk").values_list("views", flat=True)) == [5, 0]


def test_the_statistics_go_with_their_course():
    course, other = factories.CourseFactory.create_batch(2)
    course.delete()
    assert CourseStats.objects.get().course_id == other.pk


@pytest.mark.parametrize("first", ["courses.course", "courses.coursestats"])
def test_a_fixture_brings_courses_and_statistics_in_whatever_order(tmp_path, first):
    course = factories.CourseFactory(title="Dumped", category=None, views=5, students_count=2, rating="4.50")
    rows = json.loads(serializers.serialize("json", [course, course.stats]))
    rows.sort(key=lambda row: row["model"] != first)
    assert rows[0]["model"] == first
    fixture = tmp_path / "courses.json"
    fixture.write_text(json.dumps(rows))
    course.delete()
    call_command("loaddata", fixture, verbosity=0)
    loaded = Course.objects.select_related("stats").get()
    assert (loaded.title, loaded.stats.views, loaded.stats.students_count) == ("Dumped", 5, 2)
    call_command("loaddata", fixture, verbosity=0)
    assert CourseStats.objects.get().views == 5


def test_a_fixture_of_courses_alone_brings_zeros(tmp_path):
    course = factories.CourseFactory(views=5)
    fixture = tmp_path / "courses.json"
    fixture.write_text(serializers.serialize("json", [course]))
    course.delete()
    call_command("loaddata", fixture, verbosity=0)
    assert Course.objects.get().stats.views == 0
