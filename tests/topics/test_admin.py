"""The topics in the admin: what it changes, everyone sees; its lists cost the same for 1 row and for 50."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.topics import factories
from topics.admin import MAX_SHOWN
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
    data = subscribers_form(topic, shown=topic.subscriptions.all()) | {"name": "Golang"}
    assert admin.post(f"/admin/topics/topic/{topic.pk}/change/", data).status_code == 302
    assert (list(ann.rows()), ann.mine()) == (["Golang"], ["Golang"])
    assert TopicActivity.objects.first().action == "updated"


def test_saving_without_a_change_is_no_activity(admin, topic):
    data = subscribers_form(topic)
    assert admin.post(f"/admin/topics/topic/{topic.pk}/change/", data).status_code == 302
    assert TopicActivity.objects.count() == 1


def test_creating_names_the_creator(admin, topic):
    form = admin.get("/admin/topics/topic/add/").context["adminform"].form
    assert form.initial["created_by"]
    data = subscribers_form(Topic(name="Rust")) | {"created_by": form.initial["created_by"]}
    admin.post("/admin/topics/topic/add/", data)
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


# --- Subscribers on the topic's own page ------------------------------------------------------------


def subscribers_form(topic, *, added=(), removed=(), shown=()):
    """The form of the page, as a browser posts it."""
    rows = [{"id": row.pk, "topic": topic.pk, "DELETE": row.user in removed} for row in shown]
    rows += [{"id": "", "topic": topic.pk, "user": user.pk} for user in added]
    form = {"name": topic.name, "created_by": ""}
    form |= {"subscriptions-TOTAL_FORMS": len(rows), "subscriptions-INITIAL_FORMS": len(shown)}
    for number, row in enumerate(rows):
        form |= {f"subscriptions-{number}-{name}": value for name, value in row.items() if value is not False}
    return form


def test_subscribers_are_added_and_removed_on_the_topics_page(admin, topic, ann, bob):
    topic.subscribers.add(ann.user)
    assert (ann.mine(), bob.mine()) == (["Go"], [])
    data = subscribers_form(topic, added=[bob.user], removed=[ann.user], shown=topic.subscriptions.all())
    assert admin.post(f"/admin/topics/topic/{topic.pk}/change/", data).status_code == 302
    assert (ann.mine(), bob.mine()) == ([], ["Go"])
    assert list(topic.subscribers.all()) == [bob.user]
    assert TopicActivity.objects.count() == 1  # the topic itself has not changed


def test_a_new_topic_is_made_with_its_subscribers(admin, topic, ann):
    data = subscribers_form(Topic(name="Rust"), added=[ann.user])
    assert admin.post("/admin/topics/topic/add/", data | {"subscriptions-0-topic": ""}).status_code == 302
    assert ann.mine() == ["Rust"]


@pytest.mark.parametrize("shown", [True, False], ids=["shown", "subscribed since"])
def test_subscriber_added_twice_is_refused_with_a_message(admin, topic, ann, shown):
    topic.subscribers.add(ann.user)
    data = subscribers_form(topic, added=[ann.user], shown=topic.subscriptions.all() if shown else ())
    response = admin.post(f"/admin/topics/topic/{topic.pk}/change/", data)
    assert response.status_code == 200
    text = response.content.decode()
    assert ("correct the duplicate data for user" if shown else "subscribed to the topic already") in text
    assert topic.subscriptions.count() == 1


def test_topic_of_many_subscribers_shows_the_newest_and_links_to_all(admin, topic):
    users = factories.UserFactory.create_batch(MAX_SHOWN + 10)
    topic.subscribers.add(*users)
    shown = list(topic.subscriptions.all()[:MAX_SHOWN])
    page = admin.get(f"/admin/topics/topic/{topic.pk}/change/")
    formset = page.context["inline_admin_formsets"][0].formset
    assert [form.instance for form in formset.initial_forms] == shown
    link = f"/admin/topics/topicsubscription/?topic__id__exact={topic.pk}"
    assert f'href="{link}">{MAX_SHOWN + 10}<' in page.content.decode()
    assert admin.get(link).context["cl"].result_count == MAX_SHOWN + 10

    late = factories.UserFactory()
    topic.subscribers.add(late)  # after the page was shown
    data = subscribers_form(topic, removed=[shown[-1].user], shown=shown)
    assert admin.post(f"/admin/topics/topic/{topic.pk}/change/", data).status_code == 302
    assert not topic.subscriptions.filter(pk=shown[-1].pk).exists()
    assert topic.subscriptions.count() == MAX_SHOWN + 10


@pytest.mark.parametrize("number", ["x", "-1", "9" * 30])
def test_subscription_id_that_is_none_is_refused(admin, topic, ann, number):
    topic.subscribers.add(ann.user)
    data = subscribers_form(topic, removed=[ann.user], shown=topic.subscriptions.all())
    response = admin.post(f"/admin/topics/topic/{topic.pk}/change/", data | {"subscriptions-0-id": number})
    assert response.status_code in {200, 302}
    assert topic.subscriptions.count() == 1


def test_topics_page_takes_as_many_queries_for_50_subscribers_as_for_1(admin, topic, ann):
    def count():
        with CaptureQueriesContext(connection) as queries:
            assert admin.get(f"/admin/topics/topic/{topic.pk}/change/").status_code == 200
        return len(queries)

    topic.subscribers.add(ann.user)
    count()  # content types are remembered from here on
    for_one = count()
    topic.subscribers.add(*factories.UserFactory.create_batch(49))
    assert count() == for_one


@pytest.mark.parametrize("value", ["x", "\0", "-1", "9" * 30, "٣"])
@pytest.mark.parametrize("field", ["created_by", "subscriptions-0-user"])
def test_a_value_that_is_no_id_shows_the_form_with_its_error(admin, topic, ann, field, value):
    data = subscribers_form(topic, added=[ann.user]) | {field: value}
    for address in (f"/admin/topics/topic/{topic.pk}/change/", "/admin/topics/topic/add/"):
        response = admin.post(address, data)
        assert response.status_code == 200
        assert "correct the error" in response.content.decode()
    form = {"topic": value, "user": value}
    assert admin.post("/admin/topics/topicsubscription/add/", form).status_code == 200
    assert not TopicSubscription.objects.exists()


@pytest.mark.parametrize("name", ["go", "G\u200bo", " GO "])
def test_a_name_that_is_taken_is_an_error_of_its_field(admin, topic, name):
    data = subscribers_form(Topic(name=name))
    response = admin.post("/admin/topics/topic/add/", data)
    assert response.context["adminform"].form.errors == {"name": ["There is already a topic with this name."]}
