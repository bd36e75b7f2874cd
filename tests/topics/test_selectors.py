"""Reads of the topics: their cost does not depend on how many topics come before."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.topics import factories
from topics import selectors
from topics.models import Topic

pytestmark = pytest.mark.django_db


@pytest.fixture
def many():
    Topic.objects.all().delete()
    user = factories.UserFactory()
    topics = Topic.objects.bulk_create(Topic(name=f"Topic {number:04}") for number in range(400))
    user.topics.add(*topics)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE topics_topic, topics_topicsubscription")
    return user


def nodes(plan):
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


@pytest.mark.parametrize("filters", [{}, {"search": "topic"}])
@pytest.mark.parametrize("page", [1, 20])
def test_subscribers_are_counted_for_the_rows_of_the_page_only(many, page, filters):
    with CaptureQueriesContext(connection) as queries:
        found = selectors.topic_page(page=page, page_size=20, **filters)
    assert [row["subscribers_count"] for row in found["results"]] == [1] * 20
    assert found["results"][0]["name"] == f"Topic {(page - 1) * 20:04}"
    (query,) = queries
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query['sql']}")
        plan = cursor.fetchone()[0]
    plan = json.loads(plan) if isinstance(plan, str) else plan
    counting = [n for n in nodes(plan[0]["Plan"]) if n.get("Relation Name") == "topics_topicsubscription"]
    assert [node["Actual Loops"] for node in counting] == [20]


def test_the_page_of_one_reader_counts_everyones_subscriptions(many):
    Topic.objects.get(name="Topic 0000").subscribers.add(factories.UserFactory())
    found = selectors.topic_page(page=1, page_size=20, subscriber=many.pk)
    assert found["count"] == 400
    assert [row["subscribers_count"] for row in found["results"][:2]] == [2, 1]
