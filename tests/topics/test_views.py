"""The page: what it shows, what it refuses, what it costs."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.topics import factories
from topics.models import Topic, TopicActivity

pytestmark = pytest.mark.django_db

CLICKS = ["create/", "subscribe/1/", "unsubscribe/1/", "delete/1/"]
OF_SIGNING_IN = ("accounts_session", "auth_user")


@pytest.fixture(autouse=True)
def _no_topics():
    Topic.objects.all().delete()
    TopicActivity.objects.all().delete()


@pytest.fixture
def topic():
    return factories.TopicFactory(name="Python")


def queries_for_topics(reader, **params):
    with CaptureQueriesContext(connection) as queries:
        reader.open(**params)
    return [
        query["sql"] for query in queries if not any(f'FROM "{t}"' in query["sql"] for t in OF_SIGNING_IN)
    ]


# --- What it shows --------------------------------------------------------------------------------


def test_each_reader_sees_the_count_and_their_own_mark(ann, bob, topic):
    ann.post(f"subscribe/{topic.pk}/")
    assert ann.rows() == {"Python": (1, True, False)}
    assert bob.rows() == {"Python": (1, False, False)}
    bob.post(f"subscribe/{topic.pk}/")
    assert ann.rows()["Python"].count == 2
    ann.post(f"unsubscribe/{topic.pk}/")
    assert ann.rows() == {"Python": (1, False, False)}
    assert bob.rows() == {"Python": (1, True, False)}


def test_only_its_creator_and_staff_can_delete(ann, bob, boss):
    ann.post("create/", name="Go")
    assert [reader.rows()["Go"].may_delete for reader in (ann, bob, boss)] == [True, False, True]


def test_every_click_is_answered_with_a_message(ann):
    assert ann.messages(ann.post("create/", name="Go")) == [("success", "“Go” was created.")]
    pk = Topic.objects.get().pk
    assert ann.messages(ann.post(f"subscribe/{pk}/")) == [("success", "Subscribed to “Go”.")]
    assert ann.messages(ann.post(f"unsubscribe/{pk}/")) == [("success", "Unsubscribed from “Go”.")]
    assert ann.messages(ann.post(f"delete/{pk}/")) == [("success", "“Go” was deleted.")]


def test_names_are_sorted_whatever_their_case(ann):
    for name in ("beta", "Alpha", "Gamma"):
        factories.TopicFactory(name=name)
    assert list(ann.rows()) == ["Alpha", "beta", "Gamma"]


def test_search_finds_parts_of_names_whatever_their_case(ann, topic):
    factories.TopicFactory(name="Бази даних")
    assert list(ann.rows(search="YTH")) == ["Python"]
    assert list(ann.rows(search="БАЗИ")) == ["Бази даних"]
    assert "No topic has “100%_” in its name" in ann.open(search="100%_").content.decode()


def test_mine_shows_only_what_the_reader_follows(ann, bob, topic):
    other = factories.TopicFactory(name="Other")
    topic.subscribers.add(ann.user)
    other.subscribers.add(bob.user)
    assert list(ann.rows(mine="on")) == ["Python"]
    assert list(bob.rows(mine="on")) == ["Other"]


def test_pages_are_numbered_and_a_page_past_the_last_leads_to_it(ann):
    for number in range(45):
        factories.TopicFactory(name=f"Topic {number:02}")
    assert list(ann.rows(page=3)) == [f"Topic {number}" for number in range(40, 45)]
    assert ann.client.get("/topics/?page=9&search=topic").url == "/topics/?search=topic&page=3"
    assert list(ann.rows(page="x")) == list(ann.rows(page=0)) == list(ann.rows())


def test_empty_states_say_what_to_do(ann, topic):
    assert "You are not subscribed to any topic yet" in ann.open(mine="on").content.decode()
    Topic.objects.all().delete()
    assert "Create the first one" in ann.open().content.decode()


def test_recent_activity_tells_what_was_created_renamed_and_deleted(ann, topic):
    topic.name = "Python 3"
    topic.save()
    factories.TopicFactory(name="Gone").delete()
    shown = [(row["topic_name"], row["label"]) for row in ann.open().context["activities"]]
    assert shown == [("Gone", "deleted"), ("Python 3", "updated"), ("Python", "created")]


def test_script_in_a_name_is_shown_and_not_run(ann):
    name = "<script>alert(1)</script>"
    ann.post("create/", name=name)
    page = ann.open()
    assert name in ann.rows()
    assert name not in page.content.decode()
    assert "script-src 'self'" in page["Content-Security-Policy"]
    assert "unsafe-inline" not in page["Content-Security-Policy"]


def test_a_click_leads_back_to_where_it_was_made_and_nowhere_else(ann, topic):
    here = "/topics/?search=pyt&page=1"
    assert ann.post(f"subscribe/{topic.pk}/", next=here).url == here
    for elsewhere in ("https://example.com/", "//example.com", "javascript:alert(1)", ""):
        assert ann.post(f"subscribe/{topic.pk}/", next=elsewhere).url == "/topics/"


# --- What it refuses ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "A topic needs a name."),
        ("   ", "A topic needs a name."),
        ("x" * 101, "A name has at most 100 characters; this one has 101."),
        ("Python", "There is already a topic with this name."),
        (" Python ", "There is already a topic with this name."),
        ("pYTHON", "There is already a topic with this name."),
        ("Ｐython\u200b", "There is already a topic with this name."),
        ("\u200b\u2060", "A name needs at least one visible character."),
        ("½" * 50, "A name has at most 100 characters; this one has 150."),
        ("a\0b", "Null characters are not allowed."),
        ("x" * 1_000_000, "A name has at most 100 characters; this one has 1000000."),
    ],
)
def test_a_name_that_is_not_accepted_is_a_message(ann, topic, name, message):
    response = ann.post("create/", name=name)
    assert len(response.url) < 2000
    assert ann.messages(response) == [("error", message)]
    assert Topic.objects.count() == 1


def test_a_name_is_measured_and_stored_in_its_composed_form(ann):
    ann.post("create/", name="e\u0301" * 100)
    assert Topic.objects.get().name == "é" * 100


@pytest.mark.parametrize(
    "key",
    [
        r'"\000aaaaaaaaaaaa"',
        r'"aaaaaaaaaaaa\377"',
        "a" * 5000,
        "'; --aaaaaaaa",
        "ключ-ключ".encode().decode("latin-1"),
    ],
)
@pytest.mark.parametrize("path", ["/topics/", "/api/v1/topics/", "/admin/", "/accounts/login/"])
def test_a_session_cookie_that_no_session_can_have_is_none(path, key):
    client = Client(raise_request_exception=False, headers={"Cookie": f"sessionid={key}"})
    response = client.get(path)
    assert response.status_code in {200, 302, 400, 401}


def test_a_refused_name_can_be_corrected(ann, topic):
    response = ann.post("create/", name="Python", next="/topics/?search=x")
    assert 'value="Python"' in ann.client.get(response.url).content.decode()


def test_a_name_of_100_characters_is_accepted(ann):
    ann.post("create/", name="x" * 100)
    assert Topic.objects.get().name == "x" * 100


def test_anonymous_readers_are_led_to_sign_in(topic):
    client = Client()
    assert client.get("/topics/?search=x").url == "/accounts/login/?next=/topics/%3Fsearch%3Dx"
    for click in CLICKS:
        assert client.post(f"/topics/{click}", {"name": "Go"}).url == "/accounts/login/?next=/topics/"
    assert Topic.objects.count() == 1


def test_without_a_csrf_token_nothing_is_done(ann, topic):
    client = Client(enforce_csrf_checks=True)
    client.force_login(ann.user)
    for path in (*(f"/topics/{click}" for click in CLICKS), "/accounts/login/", "/accounts/logout/"):
        response = client.post(path, {"name": "Go"})
        assert response.status_code == 403
        assert "Please try again" in response.content.decode()
    assert Topic.objects.count() == 1


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options"])
@pytest.mark.parametrize("click", CLICKS)
def test_clicks_are_posts(ann, click, method):
    assert getattr(ann.client, method)(f"/topics/{click}").status_code == 405


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_the_page_is_read_only(ann, method):
    assert getattr(ann.client, method)("/topics/").status_code == 405


@pytest.mark.parametrize("pk", [0, 10**9, 2**63, 10**30])
@pytest.mark.parametrize("click", ["subscribe", "unsubscribe", "delete"])
def test_an_unknown_topic_is_not_found(ann, click, pk):
    response = ann.client.post(f"/topics/{click}/{pk}/")
    assert response.status_code == 404
    assert "There is nothing at this address" in response.content.decode()


def test_others_cannot_delete(ann, bob):
    ann.post("create/", name="Go")
    response = bob.client.post(f"/topics/delete/{Topic.objects.get().pk}/")
    assert response.status_code == 403
    assert "Only its creator and staff" in response.content.decode()
    assert Topic.objects.exists()


# --- What it costs --------------------------------------------------------------------------------


@pytest.mark.parametrize("topics", [3, 50, 10_000])
def test_warm_0_queries_for_topics_and_cold_at_most_4_however_many_there_are(ann, bob, topics):
    many = Topic.objects.bulk_create(Topic(name=f"Topic {n}") for n in range(topics))
    many[0].subscribers.add(bob.user)
    cold = queries_for_topics(ann)
    assert len(cold) == 3  # the reader's own topics, a page of topics with counts, the activity
    assert queries_for_topics(ann) == []
    assert len(queries_for_topics(bob)) == 1  # Bob's own topics: the rest is shared
    assert len(queries_for_topics(ann, search="9")) == 1
    assert queries_for_topics(ann, search="9") == []


def test_the_page_says_how_it_was_come_by(ann):
    assert [ann.open()["X-Cache"] for _ in range(2)] == ["MISS", "HIT"]
    assert ann.open()["Cache-Status"].startswith("Syllabus; hit")
    assert "no-store" in ann.open()["Cache-Control"]


def test_a_page_is_no_hit_while_any_of_its_parts_is_none(ann, bob, topic):
    ann.open()
    assert bob.open()["X-Cache"] == "MISS"  # Bob's own topics
    assert ann.open(search="pyt")["X-Cache"] == "MISS"  # this page of topics
    TopicActivity.objects.create(topic=topic, topic_name="Python", action="updated")
    changed = ann.open()
    assert changed["X-Cache"] == "MISS"  # the activity
    assert not changed["Cache-Status"].startswith("Syllabus; hit")
    assert ann.open()["X-Cache"] == "HIT"


def test_addresses_have_the_names_of_the_source():
    assert reverse("topics:list") == "/topics/"
    assert reverse("topics:subscribe", args=[1]) == "/topics/subscribe/1/"
    assert reverse("topics:unsubscribe", args=[1]) == "/topics/unsubscribe/1/"
    assert reverse("topics:create") == "/topics/create/"
    assert reverse("topics:delete", args=[1]) == "/topics/delete/1/"
