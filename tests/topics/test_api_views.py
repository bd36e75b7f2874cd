"""The topics over REST: for the signed in, with the same rights and the same cache as the page."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from tests.support.answers import problem
from tests.topics import factories
from topics.models import Topic, TopicActivity

pytestmark = pytest.mark.django_db

URL = "/api/v1/topics/"


@pytest.fixture(autouse=True)
def _no_topics():
    Topic.objects.all().delete()
    TopicActivity.objects.all().delete()


@pytest.fixture
def topic(ann):
    return factories.TopicFactory(name="Python", created_by=ann.user)


def test_the_list_tells_counts_and_what_is_the_callers_own(ann, bob, topic):
    topic.subscribers.add(bob.user)
    shown = {
        "id": topic.pk,
        "name": "Python",
        "created_by": ann.user.pk,
        "subscribers_count": 1,
        "is_subscribed": False,
        "may_change": True,
    }
    assert ann.api.get(URL).json() == {"count": 1, "next": None, "previous": None, "results": [shown]}
    of_bob = {**shown, "is_subscribed": True, "may_change": False}
    assert bob.api.get(URL).json()["results"] == [of_bob]
    assert bob.api.get(f"{URL}{topic.pk}/").json() == of_bob


def test_subscribing_twice_counts_once_and_so_does_unsubscribing(ann, topic):
    for _ in range(2):
        card = ann.api.post(f"{URL}{topic.pk}/subscribe/").json()
        assert (card["subscribers_count"], card["is_subscribed"]) == (1, True)
    for _ in range(2):
        card = ann.api.post(f"{URL}{topic.pk}/unsubscribe/").json()
        assert (card["subscribers_count"], card["is_subscribed"]) == (0, False)


def test_create_rename_delete(ann, bob):
    created = ann.api.post(URL, {"name": " Go "}, format="json")
    assert created.status_code == 201
    address = created["Location"]
    assert ann.api.get(address).json() == created.json()
    assert ann.api.put(address, {"name": "Golang"}, format="json").json()["name"] == "Golang"
    assert ann.api.patch(address, {"name": "Golang"}, format="json").status_code == 200
    problem(bob.api.patch(address, {"name": "Bob's"}, format="json"), 403, "Only its creator and staff")
    problem(bob.api.delete(address), 403, "Only its creator and staff")
    assert ann.api.delete(address).status_code == 204
    problem(ann.api.get(address), 404)


def test_staff_may_rename_and_delete(boss, topic):
    assert boss.api.patch(f"{URL}{topic.pk}/", {"name": "Ruled"}, format="json").json()["name"] == "Ruled"
    assert boss.api.delete(f"{URL}{topic.pk}/").status_code == 204


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({}, "required"),
        ({"name": ""}, "1 to 100 characters"),
        ({"name": "  "}, "not only spaces"),
        ({"name": None}, "Must be a text"),
        ({"name": "x" * 101}, "100"),
        ({"name": "Python"}, "There is already a topic with this name."),
        ({"name": "pYTHON"}, "There is already a topic with this name."),
        ({"name": "Ｐython\u200b"}, "There is already a topic with this name."),
        ({"name": "\u200b\u2060"}, "visible"),
        ({"name": ["Go"]}, "Must be a text"),
        ({"name": "a\0b"}, "without NUL"),
    ],
)
def test_a_bad_name_is_an_error_of_its_field(ann, topic, body, word):
    other = factories.TopicFactory(created_by=ann.user)
    for response in (
        ann.api.post(URL, body, format="json"),
        ann.api.put(f"{URL}{other.pk}/", body, format="json"),
    ):
        assert word in " ".join(problem(response, 400)["errors"]["name"])


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("page=0", ["page", "1 to"]),
        ("page=x", ["page", "whole number"]),
        ("page_size=101", ["page_size", "1 to 100"]),
        ("subscribed=perhaps", ["subscribed", "true, false"]),
        ("search=" + "x" * 101, ["search", "100"]),
    ],
)
def test_a_bad_parameter_is_a_400_that_says_what_is_accepted(ann, query, words):
    problem(ann.api.get(f"{URL}?{query}"), 400, *words)


def test_what_is_not_there_is_not_found(ann):
    problem(ann.api.get(f"{URL}?page=2"), 404)
    for pk in (0, 2**63):
        problem(ann.api.get(f"{URL}{pk}/"), 404)
        problem(ann.api.put(f"{URL}{pk}/", {"name": "Go"}, format="json"), 404)
        problem(ann.api.delete(f"{URL}{pk}/"), 404)
        problem(ann.api.post(f"{URL}{pk}/subscribe/"), 404)
        problem(ann.api.post(f"{URL}{pk}/unsubscribe/"), 404)
        problem(ann.api.get(f"{URL}{pk}/activities/"), 404)


def test_it_is_for_the_signed_in(topic):
    for path in ("", f"{topic.pk}/", "activities/", f"{topic.pk}/activities/"):
        problem(APIClient().get(URL + path), 401)
    for path in ("", f"{topic.pk}/subscribe/", f"{topic.pk}/unsubscribe/"):
        problem(APIClient().post(URL + path), 401)


def test_actions_are_posts(ann, topic):
    for action in ("subscribe", "unsubscribe"):
        problem(ann.api.get(f"{URL}{topic.pk}/{action}/"), 405)


def test_filters_and_pages_go_together(ann):
    for number in range(25):
        factories.TopicFactory(name=f"Topic {number:02}").subscribers.add(ann.user)
    factories.TopicFactory(name="Topic without subscribers")
    page = ann.api.get(f"{URL}?search=topic&subscribed=true&page=2&page_size=10").json()
    assert page["count"] == 25
    assert [row["name"] for row in page["results"]] == [f"Topic {number}" for number in range(10, 20)]
    again = ann.api.get(page["next"]).json()
    assert [row["name"] for row in again["results"]] == [f"Topic {number}" for number in range(20, 25)]
    assert ann.api.get(again["previous"]).json() == page


def test_a_page_that_the_client_has_is_not_sent_again(ann, bob, topic):
    first = ann.api.get(URL)
    again = ann.api.get(URL, HTTP_IF_NONE_MATCH=first["ETag"])
    assert (first["X-Cache"], again["X-Cache"], again.status_code) == ("MISS", "HIT", 304)
    bob.api.post(f"{URL}{topic.pk}/subscribe/")
    changed = ann.api.get(URL, HTTP_IF_NONE_MATCH=first["ETag"])
    assert (changed["X-Cache"], changed.status_code) == ("MISS", 200)


@pytest.mark.parametrize("topics", [1, 50])
def test_the_list_takes_2_queries_cold_and_none_warm(ann, topics):
    factories.TopicFactory.create_batch(topics)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            ann.api.get(f"{URL}?page_size=100")
        counts.append(len(queries))
    assert counts == [2, 0]


def test_activities_come_latest_first_and_outlive_their_topic(ann, topic):
    topic.name = "Python 3"
    topic.save()
    other = factories.TopicFactory(name="Other")
    pk = topic.pk
    assert [row["action"] for row in ann.api.get(f"{URL}{pk}/activities/").json()["results"]] == [
        "updated",
        "created",
    ]
    topic.delete()
    shown = ann.api.get(f"{URL}activities/").json()["results"]
    assert [(row["topic"], row["topic_name"], row["action"]) for row in shown] == [
        (pk, "Python 3", "deleted"),
        (other.pk, "Other", "created"),
    ]
    assert ann.api.get(f"{URL}{pk}/activities/").json()["results"] == shown[:1]
    assert ann.api.get(f"{URL}activities/?action=deleted&topic={pk}").json()["results"] == shown[:1]
    problem(ann.api.get(f"{URL}activities/?action=eaten"), 400, "created, updated, deleted")


def test_a_topic_says_how_it_was_come_by_and_answers_304(ann, bob, topic):
    address = f"{URL}{topic.pk}/"
    first = ann.api.get(address)
    again = ann.api.get(address, headers={"If-None-Match": first["ETag"]})
    assert (first["X-Cache"], again["X-Cache"], again.status_code) == ("MISS", "HIT", 304)
    assert again["Cache-Status"].startswith("Syllabus; hit")
    bob.api.post(f"{address}subscribe/")
    changed = ann.api.get(address, headers={"If-None-Match": first["ETag"]})
    assert (changed.status_code, changed.json()["subscribers_count"]) == (200, 1)


@pytest.mark.parametrize("topics", [1, 50])
def test_a_topic_takes_a_query_beside_the_callers_own(ann, topics):
    found, *_ = factories.TopicFactory.create_batch(topics)
    counts = []
    for _ in "miss", "hit":
        with CaptureQueriesContext(connection) as queries:
            ann.api.get(f"{URL}{found.pk}/")
        counts.append(len(queries))
    assert counts == [2, 1]


@pytest.mark.parametrize("topics", [1, 50])
def test_activities_take_2_queries(ann, topics):
    factories.TopicFactory.create_batch(topics)
    with CaptureQueriesContext(connection) as queries:
        ann.api.get(f"{URL}activities/?page_size=100")
    assert len(queries) == 2


@pytest.mark.parametrize(
    ("method", "action"),
    [("put", ""), ("patch", ""), ("delete", ""), ("post", "subscribe/"), ("post", "unsubscribe/")],
)
def test_a_write_of_what_has_changed_since_it_was_read_is_a_412(ann, bob, topic, method, action):
    address = f"{URL}{topic.pk}/"
    etag = ann.api.get(address)["ETag"]
    bob.api.post(f"{address}subscribe/")
    body = {"name": "Go"} if method in {"put", "patch"} else None

    def write(etag):
        return getattr(ann.api, method)(address + action, body, format="json", headers={"If-Match": etag})

    before = ann.api.get(address)
    problem(write(etag), 412, before["ETag"].strip('"'))
    problem(write(f"W/{before['ETag']}"), 412)
    assert ann.api.get(address).json() == before.json()
    assert write(before["ETag"]).status_code in {200, 204}


def test_a_write_answers_with_the_etag_that_a_get_gives(ann, topic):
    address = f"{URL}{topic.pk}/"
    for write in (
        lambda: ann.api.patch(address, {"name": "Go"}, format="json"),
        lambda: ann.api.post(f"{address}subscribe/"),
        lambda: ann.api.post(f"{address}unsubscribe/"),
        lambda: ann.api.post(URL, {"name": "Other"}, format="json"),
    ):
        response = write()
        assert ann.api.get(response.get("Location", address))["ETag"] == response["ETag"]


def test_a_change_that_changes_nothing_is_no_activity_and_keeps_the_etag(ann, topic):
    address = f"{URL}{topic.pk}/"
    etag = ann.api.get(address)["ETag"]
    for body in ({}, {"name": "Python"}, {"name": " Ｐython "}):
        assert ann.api.patch(address, body, format="json")["ETag"] == etag
    assert TopicActivity.objects.count() == 1
    problem(ann.api.put(address, {}, format="json"), 400, "name")


@pytest.mark.parametrize("field", ["id", "created_by", "subscribers_count", "subscribers", "__proto__"])
def test_a_field_that_cannot_be_written_is_a_400_that_names_it(ann, topic, field):
    for response in (
        ann.api.post(URL, {"name": "Go", field: 1}, format="json"),
        ann.api.patch(f"{URL}{topic.pk}/", {field: 1}, format="json"),
    ):
        assert "Accepted: name." in problem(response, 400)["errors"][field][0]
    for action in ("subscribe", "unsubscribe"):
        response = ann.api.post(f"{URL}{topic.pk}/{action}/", {field: 1}, format="json")
        assert list(problem(response, 400)["errors"]) == [field]
    assert list(Topic.objects.values_list("name", "subscribers")) == [("Python", None)]


@pytest.mark.parametrize(
    ("path", "accepted"),
    [
        ("", "page, page_size, search, subscribed"),
        ("{pk}/", "none"),
        ("activities/", "page, page_size, topic, action"),
        ("{pk}/activities/", "page, page_size"),
    ],
)
def test_a_parameter_that_there_is_not_is_a_400_that_names_those_there_are(ann, topic, path, accepted):
    response = ann.api.get(f"{URL}{path.format(pk=topic.pk)}?order=name")
    problem(response, 400, "order is not a parameter here", f"Accepted: {accepted}.")


def test_search_finds_composed_and_decomposed_alike(ann):
    ann.api.post(URL, {"name": "Cafe\u0301"}, format="json")
    for text in ("café", "cafe\u0301", "CAFÉ"):
        assert ann.api.get(URL, {"search": text}).json()["count"] == 1


@pytest.mark.parametrize(
    "write",
    [
        lambda name: Topic.objects.create(name=name),
        lambda name: Topic.objects.bulk_create([Topic(name=name)]),
        lambda name: Topic.objects.filter(name="Other").update(name=name),
        lambda name: Topic.objects.bulk_update(
            [Topic(pk=Topic.objects.get(name="Other").pk, name=name)], ["name"]
        ),
    ],
    ids=["create", "bulk_create", "update", "bulk_update"],
)
@pytest.mark.parametrize("name", ["pythoN", "Pyth\u200don", "Ｐython"])
def test_a_name_that_is_the_same_is_refused_by_the_database(topic, write, name):
    factories.TopicFactory(name="Other")
    with pytest.raises(IntegrityError, match="topic_name_key"), transaction.atomic():
        write(name)
