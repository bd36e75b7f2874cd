"""The topics in the admin: what it changes, everyone sees; its lists cost the same for 1 row and for 50."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.topics import factories
from topics.models import Topic, TopicActivity, TopicSubscription

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    client = Client()
    client.force_login(factories.UserFactory(is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def topic():
    Topic.objects.all().delete()
    TopicActivity.objects.all().delete()
    return factories.TopicFactory(name="Go")


def test_renaming_here_is_seen_on_the_page_and_recorded(admin, topic, ann):
    topic.subscribers.add(ann.user)
    assert list(ann.rows()) == ["Go"]
    data = {"name": "Golang", "created_by": ""}
    assert admin.post(f"/admin/topics/topic/{topic.pk}/change/", data).status_code == 302
    assert (list(ann.rows()), ann.mine()) == (["Golang"], ["Golang"])
    assert TopicActivity.objects.first().action == "updated"


def test_saving_without_a_change_is_no_activity(admin, topic):
    data = {"name": "Go", "created_by": ""}
    assert admin.post(f"/admin/topics/topic/{topic.pk}/change/", data).status_code == 302
    assert TopicActivity.objects.count() == 1


def test_creating_names_the_creator(admin, topic):
    form = admin.get("/admin/topics/topic/add/").context["adminform"].form
    assert form.initial["created_by"]
    admin.post("/admin/topics/topic/add/", {"name": "Rust", "created_by": form.initial["created_by"]})
    assert Topic.objects.get(name="Rust").created_by.is_staff


@pytest.mark.parametrize("by", ["page", "list"])
def test_deleting_here_leaves_its_activity(admin, topic, ann, by):
    topic.subscribers.add(ann.user)
    assert ann.mine() == ["Go"]
    if by == "page":
        response = admin.post(f"/admin/topics/topic/{topic.pk}/delete/", {"post": "yes"})
    else:
        data = {"action": "delete_selected", "_selected_action": [topic.pk], "post": "yes"}
        response = admin.post("/admin/topics/topic/", data)
    assert response.status_code == 302
    assert (ann.rows(), ann.mine()) == ({}, [])
    assert TopicActivity.objects.get().action == "deleted"


def test_the_activity_of_a_deleted_topic_can_be_looked_at_but_not_changed(admin, topic):
    topic.delete()
    activity = TopicActivity.objects.get()
    assert "Go" in admin.get("/admin/topics/topicactivity/").content.decode()
    assert "Go" in admin.get(f"/admin/topics/topicactivity/{activity.pk}/change/").content.decode()
    assert admin.post(f"/admin/topics/topicactivity/{activity.pk}/change/", {}).status_code == 403
    assert admin.get("/admin/topics/topicactivity/add/").status_code == 403


def test_subscriptions_have_a_list_of_their_own(admin, topic, ann):
    data = {"topic": topic.pk, "user": ann.user.pk}
    assert ann.mine() == []
    assert admin.post("/admin/topics/topicsubscription/add/", data).status_code == 302
    assert ann.mine() == ["Go"]
    row = TopicSubscription.objects.get()
    admin.post(f"/admin/topics/topicsubscription/{row.pk}/delete/", {"post": "yes"})
    assert ann.mine() == []


@pytest.mark.parametrize("model", ["topic", "topicsubscription", "topicactivity"])
def test_a_list_takes_as_many_queries_for_50_rows_as_for_1(admin, topic, ann, model):
    def count():
        with CaptureQueriesContext(connection) as queries:
            assert admin.get(f"/admin/topics/{model}/").status_code == 200
        return len(queries)

    topic.subscribers.add(ann.user)
    count()  # content types are remembered from here on
    for_one = count()
    for more in factories.TopicFactory.create_batch(49, created_by=ann.user):
        more.subscribers.add(ann.user)
    assert count() == for_one
