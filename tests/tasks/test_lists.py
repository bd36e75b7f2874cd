"""Task lists over HTTP."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.actions import issue_access_token
from tasks.models import TaskList
from tests.factories import UserFactory
from tests.tasks.conftest import client_of
from tests.tasks.factories import TaskFactory, TaskListFactory

LISTS = "/api/v1/lists/"


def test_who_makes_a_list_owns_it(team):
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


def test_mass_assignment_has_no_effect(team):
    other = TaskListFactory()
    data = {"name": "New", "owner": team.stranger.pk, "id": other.pk, "created_at": "2001-01-01T00:00:00Z"}
    made = team.clients["member"].post(LISTS, data, "json").json()
    assert made["owner"] == team.member.pk
    assert made["id"] not in {other.pk, team.list.pk}
    changed = team.clients["owner"].patch(f"{LISTS}{team.list.pk}/", data, "json").json()
    assert (changed["id"], changed["owner"]) == (team.list.pk, team.owner.pk)
    assert not changed["created_at"].startswith("2001")


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
        ({"name": "Launch"}, "name"),
        ({"name": " Launch "}, "name"),
    ],
)
def test_bad_input_is_told_by_field(team, data, field):
    answer = team.clients["owner"].post(LISTS, data, "json")
    assert answer.status_code == 400
    assert any(name.startswith(field) for name in answer.json()["errors"])
    assert TaskList.objects.count() == 1


def test_two_owners_may_have_lists_of_one_name(team):
    assert team.clients["stranger"].post(LISTS, {"name": "Launch"}, "json").status_code == 201


def test_a_list_keeps_its_name_when_saved_again(team):
    answer = team.clients["owner"].put(f"{LISTS}{team.list.pk}/", {"name": "Launch"}, "json")
    assert answer.status_code == 200
    assert sorted(answer.json()["members"]) == sorted([team.member.pk, team.assignee.pk])


def test_a_user_who_is_not_active_cannot_be_made_a_member(team):
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
