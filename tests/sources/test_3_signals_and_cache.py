"""Source 3, "Django Signals + Cache" (the project Subscriptions), by its headings.

Models and data migration: tests/topics/test_migrations.py. Views without logic: test_views.py and
test_views_are_thin.py there. Signals: test_signals.py. Subscribers in the admin: test_admin.py.
Here it is walked through as its result says.
"""

from __future__ import annotations

import logging

import pytest
from django.core.cache import cache
from django.test import Client

from tests.factories import UserFactory
from topics.models import Topic, TopicActivity

pytestmark = pytest.mark.django_db


@pytest.fixture
def user():
    return UserFactory()


@pytest.fixture
def browser(user):
    client = Client()
    client.force_login(user)
    return client


def test_topics_need_a_login():
    response = Client().get("/topics/")
    assert (response.status_code, response["Location"].partition("?")[2]) == (302, "next=/topics/")


def test_creating_and_deleting_a_topic_records_activities_and_logs_the_custom_signal(
    browser, caplog, django_capture_on_commit_callbacks
):
    caplog.set_level(logging.INFO, logger="topics.signals")
    with django_capture_on_commit_callbacks(execute=True):
        browser.post("/topics/create/", {"name": "Go"})
    topic = Topic.objects.get(name="Go")
    assert TopicActivity.objects.get(topic_id=topic.pk).action == "created"
    with django_capture_on_commit_callbacks(execute=True):
        browser.post(f"/topics/delete/{topic.pk}/")
    assert TopicActivity.objects.get(topic_id=topic.pk).action == "deleted"  # CASCADE took the other
    logged = [f"Topic {topic.pk} changed: {action}" for action in ("created", "deleted")]
    assert [line for line in caplog.messages if line in logged] == logged


def test_subscribing_is_seen_at_once_though_the_users_topics_are_cached_for_a_minute(browser, user):
    topic = Topic.objects.create(name="Go")
    key = f"user:{user.pk}:topics"
    browser.get("/topics/")
    assert cache.get(key) == []
    assert 0 < cache.ttl(key) <= 60
    browser.post(f"/topics/subscribe/{topic.pk}/")
    browser.get("/topics/")
    assert [row["name"] for row in cache.get(key)] == ["Go"]
    browser.post(f"/topics/unsubscribe/{topic.pk}/")
    browser.get("/topics/")
    assert cache.get(key) == []


def test_bonus_logging_out_drops_the_users_topics(browser, user):
    browser.get("/topics/")
    assert cache.get(f"user:{user.pk}:topics") is not None
    browser.logout()
    assert cache.get(f"user:{user.pk}:topics") is None
