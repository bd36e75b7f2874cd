"""What is recorded and logged of topics: once for each change, and only if it happened."""

from __future__ import annotations

import logging

import pytest
from django.contrib.auth import get_user_model
from django.core import serializers
from django.db import transaction

from tests.topics import factories
from topics.models import Topic, TopicActivity
from topics.signals import topic_changed

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_topics():
    Topic.objects.all().delete()
    TopicActivity.objects.all().delete()


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.INFO, logger="topics.signals")
    return lambda: [record.getMessage() for record in caplog.records if record.name == "topics.signals"]


def recorded():
    return list(TopicActivity.objects.order_by("id").values_list("topic", "topic_name", "action"))


def test_a_topic_leaves_what_happened_to_it(lines):
    topic = factories.TopicFactory(name="Go")
    topic.name = "Golang"
    topic.save()
    pk = topic.pk
    assert recorded() == [(pk, "Go", "created"), (pk, "Golang", "updated")]
    assert lines() == [f"Topic {pk} changed: created", f"Topic {pk} changed: updated"]


def test_a_deleted_topic_leaves_its_id_and_name(lines):
    topic = factories.TopicFactory(name="Go")
    pk = topic.pk
    topic.subscribers.add(factories.UserFactory())
    topic.delete()
    assert recorded() == [(pk, "Go", "deleted")]
    assert lines()[-1:] == [f"Topic {pk} changed: deleted"]
    with pytest.raises(Topic.DoesNotExist):
        _ = TopicActivity.objects.get().topic


def test_each_topic_of_a_deleted_query_is_recorded(lines):
    pks = [topic.pk for topic in factories.TopicFactory.create_batch(3)]
    Topic.objects.all().delete()
    assert {(pk, action) for pk, _, action in recorded()} == {(pk, "deleted") for pk in pks}
    assert sorted(lines()[3:]) == sorted(f"Topic {pk} changed: deleted" for pk in pks)


def test_nothing_is_logged_before_the_commit(lines):
    with transaction.atomic():
        topic = factories.TopicFactory()
        assert lines() == []
    assert lines() == [f"Topic {topic.pk} changed: created"]


def test_nothing_is_logged_or_recorded_of_what_is_rolled_back(lines):
    with transaction.atomic():
        factories.TopicFactory()
        transaction.set_rollback(True)
    with transaction.atomic():
        kept = factories.TopicFactory()
        with transaction.atomic():
            Topic.objects.all().delete()
            transaction.set_rollback(True)
    assert lines() == [f"Topic {kept.pk} changed: created"]
    assert recorded() == [(kept.pk, kept.name, "created")]


def test_subscribing_is_no_change_of_the_topic(lines):
    topic = factories.TopicFactory()
    topic.subscribers.add(factories.UserFactory())
    topic.subscribers.clear()
    assert len(lines()) == len(recorded()) == 1


def test_deleting_its_creator_is_no_change_of_the_topic(lines):
    user = factories.UserFactory()
    factories.TopicFactory(created_by=user)
    get_user_model().objects.all().delete()
    assert Topic.objects.get().created_by is None
    assert len(lines()) == len(recorded()) == 1


def test_a_fixture_brings_its_own_activities():
    text = serializers.serialize("json", [Topic(pk=7, name="Loaded")])
    for row in serializers.deserialize("json", text):
        row.save()
    assert Topic.objects.get().name == "Loaded"
    assert recorded() == []


def test_the_custom_signal_says_which_topic_and_what():
    heard = []

    def hear(sender, topic_id, action, **kwargs):
        heard.append((sender, topic_id, action))

    topic_changed.connect(hear)
    try:
        topic = factories.TopicFactory()
        pk = topic.pk
        topic.save()
        topic.delete()
    finally:
        topic_changed.disconnect(hear)
    assert heard == [(Topic, pk, "created"), (Topic, pk, "updated"), (Topic, pk, "deleted")]
