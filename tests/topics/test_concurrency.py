"""Two at once, on connections of their own."""

from __future__ import annotations

from functools import partial

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.http import Http404

from tests.support.threads import Other, at_once
from tests.support.waiting import a_session_waits_for_a_lock, until
from tests.topics import factories
from topics import actions, cache, selectors
from topics.forms import TopicForm
from topics.models import NAME_TAKEN, Topic, TopicSubscription

pytestmark = pytest.mark.django_db(transaction=True)


def is_right(user):
    return cache.user_topics.get(user_id=user.pk).value == selectors.topics_of_user(user_id=user.pk)


def test_of_many_simultaneous_subscriptions_each_user_has_one():
    topic = factories.TopicFactory()
    users = factories.UserFactory.create_batch(2)
    at_once(*[partial(actions.subscribe, user=user, topic_id=topic.pk) for user in users * 4])
    assert topic.subscribers.count() == 2
    assert cache.topic_pages.get(page=1, page_size=20).value["results"][-1]["subscribers_count"] == 2
    assert all(is_right(user) for user in users)


def test_a_subscriber_added_while_a_topic_is_renamed_sees_its_new_name():
    topic, user = factories.TopicFactory(name="Old"), factories.UserFactory()
    with transaction.atomic():
        topic.name = "New"
        topic.save()
        other = Other(lambda: actions.subscribe(user=user, topic_id=topic.pk))
        other.wait_until_it_waits()
        Other(lambda: is_right(user)).result()  # a reader comes between
    other.result()
    assert cache.user_topics.get(user_id=user.pk).value == [{"id": topic.pk, "name": "New"}]


def test_a_subscriber_added_without_the_lock_while_a_topic_is_renamed_sees_its_new_name():
    topic, user = factories.TopicFactory(name="Old"), factories.UserFactory()
    with transaction.atomic():
        topic.name = "New"
        topic.save()
        other = Other(lambda: topic.subscribers.add(user))
        other.wait_until_it_waits()
        Other(lambda: is_right(user)).result()
    other.result()
    assert cache.user_topics.get(user_id=user.pk).value == [{"id": topic.pk, "name": "New"}]


def test_a_subscriber_added_while_the_subscribers_are_cleared_is_invalidated():
    topic, early, late = factories.TopicFactory(), *factories.UserFactory.create_batch(2)
    topic.subscribers.add(early)
    with transaction.atomic():
        topic.subscribers.clear()
        Other(lambda: topic.subscribers.add(late)).result()
        Other(lambda: [is_right(user) for user in (early, late)]).result()
    assert is_right(early)
    assert is_right(late)


def test_subscribing_to_a_topic_that_is_being_deleted_is_a_404():
    topic, user = factories.TopicFactory(), factories.UserFactory()
    with transaction.atomic():
        Topic.objects.select_for_update().get(pk=topic.pk).delete()
        other = Other(lambda: actions.subscribe(user=user, topic_id=topic.pk))
        other.wait_until_it_waits()
    with pytest.raises(Http404):
        other.result()
    assert not TopicSubscription.objects.exists()


def test_a_name_taken_at_this_very_moment_is_a_message():
    with transaction.atomic():
        factories.TopicFactory(name="Go")
        form = TopicForm({"name": "Go"})
        other = Other(form.try_to_save)
        other.wait_until_it_waits()
    assert other.result() is False
    assert form.errors == {"name": [NAME_TAKEN]}


def rename(topic):
    topic.name = "New"
    topic.save()


@pytest.mark.parametrize(
    "write",
    [rename, lambda topic: Topic.objects.filter(pk=topic.pk).update(name="New")],
    ids=["save", "update"],
)
def test_a_topic_renamed_while_a_subscription_changes_hands_is_right_for_both(interleaving, write):
    """The rename must not ask who follows the topic before the hand-over is committed."""
    ann, bob = factories.UserFactory.create_batch(2)
    topic = factories.TopicFactory(name="Old")
    subscription = TopicSubscription.objects.create(topic=topic, user=ann)
    subscription.user = bob
    mover, writer = interleaving.actor(subscription.save), interleaving.actor(lambda: write(topic))
    mover.run_to("COMMIT")
    writer.start_to("fence")
    until(lambda: a_session_waits_for_a_lock() or "fence" in writer.steps)
    mover.finish()
    assert is_right(ann)
    assert is_right(bob)
    writer.wait()
    writer.finish()
    assert is_right(ann)
    assert is_right(bob)


def answer_beside(delete, request):
    """Return the response to a request that comes while a deletion is in flight."""
    with transaction.atomic():
        delete()
        other = Other(request)
        other.wait_until_it_waits()
    return other.result()


@pytest.mark.parametrize("what", ["create", "subscribe"])
@pytest.mark.parametrize("surface", ["page", "api"])
def test_a_user_who_is_deleted_while_they_write_is_no_500(ann, surface, what):
    topic, pk = factories.TopicFactory(), ann.user.pk
    path, body = ("create/", {"name": "New"}) if what == "create" else (f"subscribe/{topic.pk}/", {})
    if surface == "page":
        send = partial(ann.client.post, f"/topics/{path}", body)
    else:
        path = "" if what == "create" else f"{topic.pk}/subscribe/"
        send = partial(ann.api.post, f"/api/v1/topics/{path}", body, format="json")
    answer = answer_beside(User.objects.filter(pk=pk).delete, send)
    assert answer.status_code == (302 if surface == "page" else 409)
    assert not TopicSubscription.objects.exists()
    assert not Topic.objects.filter(name="New").exists()


@pytest.mark.parametrize("surface", ["page", "api"])
def test_a_topic_that_is_deleted_while_a_user_subscribes_is_a_404(ann, surface):
    topic = factories.TopicFactory()
    pk = topic.pk
    send = {
        "page": lambda: ann.client.post(f"/topics/subscribe/{pk}/"),
        "api": lambda: ann.api.post(f"/api/v1/topics/{pk}/subscribe/"),
    }[surface]
    assert answer_beside(topic.delete, send).status_code == 404


def test_of_names_that_are_the_same_one_is_made(ann):
    names = ["Kotlin", "KOTLIN", "kotlin", "Kot\u200blin", "Ｋotlin"] * 6
    calls = [partial(ann.api.post, "/api/v1/topics/", {"name": name}, format="json") for name in names]
    statuses = sorted(answer.status_code for answer in at_once(*calls))
    assert statuses[0] == 201
    assert set(statuses[1:]) <= {400, 409}
    assert Topic.objects.filter(name__in=names).count() == 1
