"""Source 1, its road map: automatic tests of performance (pytest-benchmark) before and after the cache.

``make benchmark`` prints the table. In ``make test`` each read is made once, and the ratios are compared
within one run, where a busy machine is as busy for both. Drawing the page of topics takes as long with the
cache as without, so its ratio is that of what it shows.
"""

from __future__ import annotations

import itertools
import time
from contextlib import nullcontext

import pytest
from django.conf import settings as project_settings
from django.core.handlers.base import BaseHandler
from django.db import connection
from django.test import Client, RequestFactory

from caching.testing import replaced
from courses.models import Category, Course, Lesson, Module
from services import cache as totals
from services.models import Subscription
from tests.factories import UserFactory
from tests.services.factories import PlanFactory, make_subscriptions
from topics import cache as topics
from topics.models import Topic, TopicSubscription

MIN_RATIO = 3
ROUNDS, READS_IN_A_ROUND = 15, 4
COURSES, SUBSCRIPTIONS, TOPICS = 100, 20_000, 100

READS = ["detail", "top", "list", "total", "topics"]


@pytest.fixture(scope="module")
def _rows(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        fill()
        yield
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE auth_user, courses_category, courses_course, topics_topic CASCADE")
            cursor.execute("TRUNCATE services_service, services_plan CASCADE")


def fill():
    category = Category.objects.create(name="All")
    courses = Course.objects.bulk_create(
        Course(title=f"Course {number}", description="What it is about", category=category)
        for number in range(COURSES)
    )
    modules = Module.objects.bulk_create(
        Module(course=courses[0], title=f"Module {number}", position=number) for number in range(1, 6)
    )
    Lesson.objects.bulk_create(
        Lesson(module=module, title=f"Lesson {number}", content="Text", position=number)
        for module, number in itertools.product(modules, range(1, 11))
    )
    for plan in PlanFactory.create_batch(2):
        make_subscriptions(SUBSCRIPTIONS // 2, plan=plan)
    users = UserFactory.create_batch(20)
    made = Topic.objects.bulk_create(Topic(name=f"Topic {number}") for number in range(TOPICS))
    TopicSubscription.objects.bulk_create(
        TopicSubscription(topic=topic, user=user) for topic, user in itertools.product(made, users)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@pytest.fixture
def reads(_rows, db, settings):
    """The reads by name; none is refused for its rate."""
    rates = dict.fromkeys(project_settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"])
    settings.REST_FRAMEWORK = {**project_settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}
    reader = TopicSubscription.objects.first().user
    signed_in = Client()
    signed_in.force_login(reader)
    course, plan = Course.objects.order_by("pk").first(), Subscription.objects.first().plan_id
    return {
        "detail": request(f"/api/v1/courses/{course.pk}/"),
        "top": request("/api/v1/courses/top/?limit=5&order=title"),
        "list": request("/api/v1/courses/"),
        "total": lambda: totals.totals({"plan": plan}),
        "topics": lambda: read_topics(reader.pk),
        "topics page": request("/topics/", signed_in.cookies),
    }


def request(path, cookies=()):
    """A call that answers a GET request: all of Django, but no server and no connection."""
    handler, factory = BaseHandler(), RequestFactory()
    handler.load_middleware()
    factory.cookies.update(cookies)

    def get():
        response = handler.get_response(factory.get(path))
        assert response.status_code == 200

    return get


def read_topics(user_id):
    topics.user_topics.get(user_id=user_id)
    topics.topic_pages.get(page=1, page_size=20, search=None, subscriber=None)
    topics.recent_activity.get()


def without_cache():
    """Answer from the database, as if there were no cache."""
    return replaced("bypass", lambda *_: True)


@pytest.mark.parametrize("how", ["before", "after"])
@pytest.mark.parametrize("name", [*READS, "topics page"])
def test_read(benchmark, reads, name, how):
    benchmark.group = name
    with without_cache() if how == "before" else nullcontext():
        benchmark(reads[name])


@pytest.mark.parametrize("name", READS)
def test_cached_read_is_at_least_three_times_as_fast(reads, name):
    read = reads[name]
    before, after = [], []
    for _ in range(ROUNDS):
        with without_cache():
            before.append(seconds(read))
        after.append(seconds(read))
    ratio = min(before) / min(after)  # of the rounds that other processes disturbed least
    assert ratio >= MIN_RATIO, f"{name}: {ratio:.1f} times as fast"


def seconds(read) -> float:
    read()  # the processor's caches, and the first fill
    began = time.perf_counter()
    for _ in range(READS_IN_A_ROUND):
        read()
    return time.perf_counter() - began
