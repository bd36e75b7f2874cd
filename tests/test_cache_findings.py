"""What was found of the project's own cached things when others tried them."""

from __future__ import annotations

import io
from wsgiref.util import setup_testing_defaults

import pytest
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import connection, transaction
from django.urls import set_script_prefix
from rest_framework.test import APIClient

from caching.registry import declarations
from caching.testing import assert_independent_of_caller
from courses import view_counts
from courses.cache import course_detail, course_pages, top_courses
from services.cache import price_total
from services.models import Plan, Subscription
from tests.courses.factories import CategoryFactory, CourseFactory
from tests.services.factories import SubscriptionFactory
from tests.support.threads import Other
from tests.topics.factories import TopicFactory


def read(path, **headers):
    return APIClient().get(path, **headers)


@pytest.mark.django_db
def test_category_that_is_renamed_is_renamed_in_the_detail():
    course = CourseFactory(category=CategoryFactory(name="old"))
    path = f"/api/v1/courses/{course.pk}/"
    assert [read(path)["X-Cache"] for _ in range(2)] == ["MISS", "HIT"]
    category = course.category
    category.name = "new"
    category.save()
    assert read(path).json()["category"]["name"] == "new"


@pytest.mark.django_db
def test_views_and_their_flush_leave_every_hit_a_hit():
    course = CourseFactory()
    paths = [f"/api/v1/courses/{course.pk}/", "/api/v1/courses/", "/api/v1/courses/top/"]
    for path in paths:
        read(path)
    for number in range(3):
        view_counts.course_views.count(course.pk)
        assert view_counts.flush_views() == 1
        assert {read(path)["X-Cache"] for path in paths} == {"HIT"}, number
    course.stats.refresh_from_db()
    assert course.stats.views >= 3


@pytest.mark.django_db
def test_students_and_rating_invalidate_what_shows_them():
    course = CourseFactory()
    for _ in range(2):
        course_detail.get(pk=course.pk)
    type(course.stats).objects.filter(pk=course.pk).update(students_count=7)
    assert course_detail.get(pk=course.pk).value["students_count"] == 7
    assert {
        course_pages.get(order="-id", page=1, page_size=5).x_cache,
        top_courses.get(limit=5, order="-id").x_cache,
    } == {"MISS"}


@pytest.mark.django_db
def test_pages_of_a_search_are_stored_after_1100_others():
    for number in range(1_100):
        course_pages.get(order="-id", page=1, page_size=1, search=f"word{number}")
    assert course_pages.get(order="-id", page=1, page_size=1, search="word1099").x_cache == "HIT"
    assert course_pages.get(order="-id", page=1, page_size=1, search="one more").x_cache == "MISS"
    assert course_pages.get(order="-id", page=1, page_size=1, search="one more").x_cache == "HIT"


def read_over_wsgi(path, *, query, script_name):
    """Return X-Cache and the body. Django's test client sets no script prefix; a server's request does."""
    environ = {"PATH_INFO": path, "QUERY_STRING": query, "SCRIPT_NAME": script_name, "HTTP_HOST": "localhost"}
    setup_testing_defaults(environ)
    headers = {}
    response = get_wsgi_application()(environ, lambda status, given: headers.update(given))
    body = b"".join(response)
    response.close()
    set_script_prefix("/")
    return headers.get("X-Cache"), body


@pytest.mark.django_db(transaction=True)
def test_callers_script_name_reaches_no_stored_link():
    CourseFactory.create_batch(3)
    read_over_wsgi("/api/v1/courses/", query="page_size=1", script_name="/evil")
    x_cache, body = read_over_wsgi("/api/v1/courses/", query="page_size=1", script_name="")
    assert x_cache == "HIT"
    assert b"page=2" in body
    assert b"evil" not in body


@pytest.mark.django_db
def test_audit_reads_every_kind_of_key():
    course = CourseFactory()
    course_detail.get(pk=course.pk)
    top_courses.get(limit=5, order="-id")
    out = io.StringIO()
    call_command("cache", "audit", stdout=out)
    assert "2 values are as in the database" in out.getvalue()


@pytest.mark.django_db
def test_no_declared_value_holds_anything_of_the_caller():
    course = CourseFactory(category=CategoryFactory())
    CourseFactory.create_batch(2)  # so that the page has a link to the next
    TopicFactory.create_batch(3)
    subscription = SubscriptionFactory()
    page = {"page": 1, "page_size": 1}
    params = {
        "v1:courses:detail:{pk}": {"pk": course.pk},
        "v1:courses:top:{limit}:{order}": {"limit": 5, "order": "-id"},
        "v1:courses:list": {"order": "-id", **page},
        "v1:categories": {},
        "price_cache": {},
        "v1:subscriptions:count": {},
        "v1:subscriptions:totals": {"client": subscription.client_id},
        "user:{user_id}:topics": {"user_id": subscription.client.user_id},
        "v1:topics:list": page,
        "v1:topics:activity": {},
        "v1:dashboard": {},
    }
    own = [each for each in declarations() if "tests." not in each._load.__module__]
    assert {each.key for each in own} == set(params)
    for declared in own:
        assert_independent_of_caller(declared, **params[declared.key])


@pytest.mark.django_db
def test_write_to_the_table_of_totals_is_noticed():
    SubscriptionFactory()
    before = price_total.get().value
    assert price_total.get().x_cache == "HIT"
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO services_tally (count, amount) VALUES (1, 5)")
    assert price_total.get().value == before + 5


@pytest.mark.django_db(transaction=True)
def test_plan_that_is_being_saved_holds_up_no_new_subscription():
    subscription = SubscriptionFactory()
    plan = subscription.plan
    with transaction.atomic():
        Plan.objects.filter(pk=plan.pk).update(plan_type="student")

        def subscribe():
            with transaction.atomic():
                values = {"client": subscription.client, "service": subscription.service, "plan": plan}
                return Subscription.objects.create(**values).pk

        assert Other(subscribe).result()
