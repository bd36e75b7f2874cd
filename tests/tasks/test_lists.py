"""Task lists over HTTP."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.actions import issue_access_token
from tasks.models import LIST_NAME_TAKEN, TaskList
from tests.factories import UserFactory
from tests.tasks.conftest import client_of
from tests.tasks.factories import TaskFactory, TaskListFactory

LISTS = "/api/v1/lists/"


def test_the_creator_of_a_list_owns_it(team):
    answer = team.clients["stranger"].post(
        LISTS, {"name": "Mine", "members": [team.member.pk, team.stranger.pk]}, "json"
    )
    assert answer.status_code == 201
    body = answer.json()
    assert body["owner"] == team.stranger.pk
    assert body["members"] == [team.member.pk]  # the owner is none
    again = team.clients["member"].get(answer["Location"])
    assert again.json() == body
    assert again["ETag"] == answer["ETag"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("owner", 1), ("id", 1), ("created_at", "2001-01-01T00:00:00Z"), ("tasks", []), ("is_staff", True)],
)
def test_a_field_that_cannot_be_written_is_a_400_that_names_it(team, field, value):
    data = {"name": "New", field: value}
    for answer in (
        team.clients["owner"].post(LISTS, data, "json"),
        team.clients["owner"].patch(f"{LISTS}{team.list.pk}/", data, "json"),
    ):
        assert answer.status_code == 400
        assert list(answer.json()["errors"]) == [field]
        assert "Accepted: name, members" in answer.json()["errors"][field][0]
    assert TaskList.objects.get().name == "Launch"


def test_what_get_gives_can_be_put_back_and_changes_no_etag(team):
    address = f"{LISTS}{team.list.pk}/"
    client = team.clients["owner"]
    read = client.get(address)
    for answer in (
        client.put(address, read.json(), "json", headers={"If-Match": read["ETag"]}),
        client.patch(address, {}, "json"),
        client.patch(address, {"members": [*read.json()["members"], team.owner.pk]}, "json"),
    ):
        assert (answer.status_code, answer.json(), answer["ETag"]) == (200, read.json(), read["ETag"])


class TestInactiveMembers:
    @pytest.fixture(autouse=True)
    def _inactive(self, team):
        self.address = f"{LISTS}{team.list.pk}/"
        team.assignee.is_active = False
        team.assignee.save()

    def test_what_get_gives_of_a_list_with_one_can_be_put_back(self, team):
        client = team.clients["owner"]
        read = client.get(self.address).json()
        assert team.assignee.pk in read["members"]
        for body in (read, {"name": read["name"], "members": read["members"]}, {"members": read["members"]}):
            assert client.patch(self.address, body, "json").json() == read
        assert client.put(self.address, read, "json").json() == read
        task = client.get(f"/api/v1/tasks/{team.task.pk}/").json()
        assert client.put(f"/api/v1/tasks/{team.task.pk}/", task, "json").json() == task
        assert client.patch(f"/api/v1/tasks/{team.task.pk}/", {"name": "x"}, "json").status_code == 200

    def test_one_gets_no_new_task(self, team):
        client = team.clients["owner"]
        other = TaskFactory(task_list=team.list)
        data = {"name": "New", "assigned_to": team.assignee.pk}
        rows = {"tasks": [{"id": other.pk, "assigned_to": team.assignee.pk}]}
        for answer, field in (
            (client.post(f"{self.address}tasks/", data, "json"), "assigned_to"),
            (client.patch(f"/api/v1/tasks/{other.pk}/", data, "json"), "assigned_to"),
            (client.post("/api/v1/tasks/bulk/", rows, "json"), "tasks.0.assigned_to"),
        ):
            assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
            assert "active" in answer.json()["errors"][field][0]

    def test_an_inactive_owner_gets_no_new_task(self, team):
        team.owner.is_active = False
        team.owner.save()
        data = {"name": "New", "assigned_to": team.owner.pk}
        answer = team.clients["member"].post(f"{self.address}tasks/", data, "json")
        assert list(answer.json()["errors"]) == ["assigned_to"]

    def test_one_who_was_removed_cannot_be_added_again(self, team):
        client = team.clients["owner"]
        assert client.patch(self.address, {"members": []}, "json").status_code == 200
        answer = client.patch(self.address, {"members": [team.assignee.pk]}, "json")
        assert answer.status_code == 400
        assert f"These are not: {team.assignee.pk}." in answer.json()["errors"]["members"][0]


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\0"}, "name"),
        ({"name": "New", "members": [999999]}, "members"),
        ({"name": "New", "members": ["x"]}, "members.0"),
        ({"name": "New", "members": [0]}, "members.0"),
        ({"name": "New", "members": 1}, "members"),
        ({"name": "New", "members": list(range(1, 300))}, "members"),
        ({"name": "New", "members": ["x"] * 201}, "members"),
        ({"name": "Launch"}, "name"),
        ({"name": " Launch "}, "name"),
    ],
)
def test_bad_input_is_an_error_of_its_field(team, data, field):
    answer = team.clients["owner"].post(LISTS, data, "json")
    assert answer.status_code == 400
    assert any(name.startswith(field) for name in answer.json()["errors"])
    assert TaskList.objects.count() == 1


def test_of_very_many_members_none_is_validated(team):
    answer = team.clients["owner"].post(LISTS, {"name": "New", "members": ["x"] * 300_000}, "json")
    assert answer.json()["errors"] == {"members": ["Must be at most 200 ids."]}


def test_two_owners_may_have_lists_of_one_name(team):
    assert team.clients["stranger"].post(LISTS, {"name": "Launch"}, "json").status_code == 201


def test_a_list_keeps_its_name_when_saved_again(team):
    answer = team.clients["owner"].put(f"{LISTS}{team.list.pk}/", {"name": "Launch"}, "json")
    assert answer.status_code == 200
    assert sorted(answer.json()["members"]) == sorted([team.member.pk, team.assignee.pk])


def test_an_inactive_user_cannot_be_made_a_member(team):
    gone = UserFactory(is_active=False)
    answer = team.clients["owner"].patch(f"{LISTS}{team.list.pk}/", {"members": [gone.pk]}, "json")
    assert answer.status_code == 400


def test_deleting_a_list_deletes_its_tasks(team):
    assert team.clients["owner"].delete(f"{LISTS}{team.list.pk}/").status_code == 204
    assert team.clients["assignee"].get("/api/v1/tasks/").json()["count"] == 0


@pytest.mark.parametrize("address", [LISTS, "/api/v1/tasks/", "/api/v1/lists/{}/tasks/"])
def test_a_page_costs_the_same_for_1_row_and_50_and_at_most_4_queries(db, address):
    user, members = UserFactory(), UserFactory.create_batch(3)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {issue_access_token(user=user)}")
    task_list = TaskListFactory(owner=user, members=members)
    TaskFactory(task_list=task_list, assigned_to=members[0])
    address = address.format(task_list.pk)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            rows = client.get(address, {"page_size": 100}).json()["results"]
        return len(rows), len(captured)

    one = queries()
    for number in range(49):
        TaskListFactory(owner=user, members=members)
        TaskFactory(task_list=task_list, assigned_to=members[number % 3])
    fifty = queries()
    assert (one[0], fifty[0]) == (1, 50)
    assert one[1] == fifty[1] <= 4


def test_a_list_that_one_owns_and_shares_is_there_once(db):
    user = UserFactory()
    TaskListFactory(owner=user, members=[user, *UserFactory.create_batch(2)])
    assert client_of(user).get(LISTS).json()["count"] == 1


@pytest.mark.parametrize("name", ["launch", "LAUNCH", "Lau\u200bnch", "Ｌａｕｎｃｈ", " Launch\u00a0"])
def test_a_name_that_is_the_same_to_a_reader_is_taken(team, name):
    client = team.clients["owner"]
    for answer in (
        client.post(LISTS, {"name": name}, "json"),
        client.patch(f"{LISTS}{TaskListFactory(owner=team.owner).pk}/", {"name": name}, "json"),
    ):
        assert answer.status_code == 400
        assert answer.json()["errors"] == {"name": [LIST_NAME_TAKEN]}
    assert client.patch(f"{LISTS}{team.list.pk}/", {"name": name}, "json").status_code == 200
    for write in (
        lambda: TaskList.objects.create(name=name, owner=team.owner),
        lambda: TaskList.objects.bulk_create([TaskList(name=name, owner=team.owner)]),
        lambda: TaskList.objects.filter(owner=team.owner).update(name=name),
    ):
        with pytest.raises(IntegrityError, match="task_list_name_key"), transaction.atomic():
            write()


@pytest.mark.parametrize("name", ["\u200b", "\u2060\ufeff", "\u3164", "\x07"])
def test_a_name_that_shows_nothing_is_refused(team, name):
    for address in (LISTS, f"{LISTS}{team.list.pk}/tasks/"):
        answer = team.clients["owner"].post(address, {"name": name}, "json")
        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["name"])
        assert "visible" in answer.json()["errors"]["name"][0]


def test_lists_are_searched_and_ordered_as_in_the_admin(team):
    for name in ("Alpha plan", "beta", "Überblick"):
        TaskListFactory(name=name, owner=team.owner)

    def names(**params):
        answer = team.clients["owner"].get(LISTS, params)
        assert answer.status_code == 200
        return [row["name"] for row in answer.json()["results"]]

    assert names(search="plan ALPHA") == ["Alpha plan"]
    assert names(search="über") == names(search="u\u0308ber") == ["Überblick"]
    assert names(search="owner beta") == ["beta"]
    assert names(search="100%") == []
    assert names(search="") == ["Überblick", "beta", "Alpha plan", "Launch"]
    assert names(order="id") == ["Launch", "Alpha plan", "beta", "Überblick"]
    assert names(order="name") == list(reversed(names(order="-name")))


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("status=pending", "Accepted: page, page_size, search, order."),
        ("order=owner", "must be one of id, -id, name, -name"),
        ("search=" + "x" * 101, "at most 100 characters"),
        ("search=a%00", "without NUL"),
    ],
)
def test_a_parameter_that_is_not_accepted_is_a_400_that_says_what_is(team, query, words):
    answer = team.clients["owner"].get(f"{LISTS}?{query}")
    assert answer.status_code == 400
    assert words in answer.json()["detail"]
