"""The cache's counters, as staff see them."""

import threading

import pytest
from django.contrib.auth.models import User
from django.db import connection

from caching import metrics as stats
from caching.gateway import get_gateway
from courses.cache import course_detail
from courses.models import Course
from tests.courses.factories import CourseFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_counts_of_other_tests():
    stats.flush()
    get_gateway().commands(("DEL", stats.KEY))


@pytest.fixture
def read_course():
    course = CourseFactory()
    for _ in range(3):
        course_detail.get(pk=course.pk)
    course.save()
    course_detail.get(pk=course.pk)
    return course


def counters(client):
    return client.get("/api/v1/cache/stats/").json()["things"]


def test_reads_and_invalidations_are_counted_by_thing(admin_client, read_course):
    counted = counters(admin_client)["v1:courses:detail"]
    assert (counted["hits"], counted["misses"], counted["hit_percent"]) == (2, 2, 50.0)
    assert counted["invalidations"] >= 1


def test_counts_add_up_over_flushes(admin_client, read_course):
    before = counters(admin_client)["v1:courses:detail"]["hits"]
    course_detail.get(pk=read_course.pk)
    assert counters(admin_client)["v1:courses:detail"]["hits"] == before + 1


def change_elsewhere(pk):
    Course.objects.filter(pk=pk).update(title="Changed while it was read")
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_a_refused_fill_is_counted(admin_client, monkeypatch):
    course = CourseFactory()
    load = course_detail._load

    def interrupted(pk):
        value = load(pk=pk)
        writer = threading.Thread(target=change_elsewhere, args=[pk])
        writer.start()
        writer.join()
        return value

    monkeypatch.setattr(course_detail, "_load", interrupted)
    assert course_detail.get(pk=course.pk).detail == "fwd=miss"
    assert counters(admin_client)["v1:courses:detail"]["refused_fills"] == 1


def test_only_staff_see_them(client):
    assert client.get("/api/v1/cache/stats/").status_code == 401
    client.force_login(User.objects.create_user("plain"))
    assert client.get("/api/v1/cache/stats/").status_code == 403
