"""The members of a list: added by name, removed, leaving, and handing the list over."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from messaging.composers import compose
from messaging.models import OutgoingMessage
from tasks import actions
from tasks.models import TaskList
from tests.factories import UserFactory
from tests.support.threads import Other, at_once
from tests.tasks.conftest import client_of
from tests.tasks.factories import TaskFactory, TaskListFactory


def members(team):
    return f"/api/v1/lists/{team.list.pk}/members/"


def owner(team):
    return f"/api/v1/lists/{team.list.pk}/owner/"


def names(team, who="owner"):
    return [row["username"] for row in team.clients[who].get(members(team)).json()["results"]]


def test_the_list_names_them(team):
    page = team.clients["member"].get(members(team)).json()
    assert page["count"] == 2
    assert page["results"][0] == {
        "id": team.assignee.pk,
        "username": "assignee",
        "first_name": team.assignee.first_name,
        "last_name": team.assignee.last_name,
    }


def test_names_are_beside_ids(team):
    team.owner.first_name, team.owner.last_name = "Ann", "Lee"
    team.owner.save()
    team.assignee.first_name = team.assignee.last_name = ""
    team.assignee.save()
    assert team.clients["member"].get(f"/api/v1/lists/{team.list.pk}/").json()["owner_name"] == "Ann Lee"
    task = team.clients["member"].get(f"/api/v1/tasks/{team.task.pk}/").json()
    assert (task["task_list_name"], task["assigned_to_name"]) == ("Launch", "assignee")
    team.clients["owner"].patch(f"/api/v1/tasks/{team.task.pk}/", {"assigned_to": None}, "json")
    assert team.clients["member"].get(f"/api/v1/tasks/{team.task.pk}/").json()["assigned_to_name"] is None


@pytest.mark.parametrize("number", [1, 50])
def test_the_list_costs_the_same_for_1_and_50(team, number):
    team.list.members.set(UserFactory.create_batch(number))
    with CaptureQueriesContext(connection) as captured:
        page = team.clients["owner"].get(members(team), {"page_size": 100}).json()
    assert (len(page["results"]), len(captured)) == (number, 3)


def test_one_is_added_by_name_in_any_case_and_adding_again_changes_nothing(team):
    client = team.clients["owner"]
    answers = [client.post(members(team), {"username": name}, "json") for name in ("STRANGER", "stranger")]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json()["id"] == team.stranger.pk
    assert names(team, "stranger") == ["assignee", "member", "stranger"]


@pytest.mark.parametrize("name", ["", "no-one", "gone", "a\u200b", "x" * 3000, None, 5, ["stranger"]])
def test_a_name_of_no_active_user_is_an_error_of_the_field(team, name):
    UserFactory(username="gone", is_active=False)
    answer = team.clients["owner"].post(members(team), {"username": name}, "json")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["username"])


def test_an_unknown_field_is_refused(team):
    data = {"username": "stranger", "role": "admin"}
    assert list(team.clients["owner"].post(members(team), data, "json").json()["errors"]) == ["role"]


def test_the_owner_is_no_member_and_cannot_be_removed(team):
    client = team.clients["owner"]
    assert client.post(members(team), {"username": "owner"}, "json").status_code == 409
    assert client.delete(f"{members(team)}{team.owner.pk}/").status_code == 409
    assert client.delete(f"{members(team)}{team.stranger.pk}/").status_code == 404


def test_a_list_has_at_most_200_members(team, monkeypatch):
    monkeypatch.setattr(actions, "MAX_MEMBERS", 2)
    assert team.clients["owner"].post(members(team), {"username": "stranger"}, "json").status_code == 409


def test_who_is_removed_keeps_no_task_and_is_notified(team):
    assert team.clients["owner"].delete(f"{members(team)}{team.assignee.pk}/").status_code == 204
    team.task.refresh_from_db()
    assert team.task.assigned_to is None
    assert list(OutgoingMessage.objects.values_list("kind", "user__username")) == [
        ("tasks.unassigned", "assignee")
    ]
    assert team.clients["assignee"].get(members(team)).status_code == 404


def test_a_member_leaves_and_is_not_notified_of_it(team):
    before = team.clients["owner"].get(f"/api/v1/lists/{team.list.pk}/")["ETag"]
    assert team.clients["assignee"].delete(f"{members(team)}{team.assignee.pk}/").status_code == 204
    assert not OutgoingMessage.objects.exists()
    assert names(team) == ["member"]
    assert team.clients["owner"].get(f"/api/v1/lists/{team.list.pk}/")["ETag"] != before


def test_the_list_is_handed_over_to_a_member(team):
    answer = team.clients["owner"].post(owner(team), {"username": "Member"}, "json")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["owner"], sorted(body["members"])) == (
        team.member.pk,
        sorted([team.owner.pk, team.assignee.pk]),
    )
    assert answer["ETag"] == team.clients["member"].get(f"/api/v1/lists/{team.list.pk}/")["ETag"]
    assert team.clients["owner"].post(owner(team), {"username": "owner"}, "json").status_code == 403
    message = OutgoingMessage.objects.get()
    assert (message.user, compose(message).subject) == (team.member, "You own the list Launch")
    TaskList.objects.update(name="Start")
    assert compose(message).text == "The list Start was handed over to you."
    TaskList.objects.update(owner=team.assignee)
    assert compose(message) is None


@pytest.mark.parametrize("name", ["stranger", "owner", "no-one"])
def test_only_a_member_can_get_it(team, name):
    answer = team.clients["owner"].post(owner(team), {"username": name}, "json")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["username"])


def test_who_has_a_list_of_that_name_cannot_get_it(team):
    TaskListFactory(owner=team.member, name="LAUNCH")
    assert team.clients["owner"].post(owner(team), {"username": "member"}, "json").status_code == 409


def test_a_stale_etag_hands_nothing_over(team):
    client, data = team.clients["owner"], {"username": "member"}
    assert client.post(owner(team), data, "json", headers={"If-Match": '"x"'}).status_code == 412


@pytest.mark.django_db(transaction=True)
def test_handing_over_to_a_member_who_is_being_removed_is_refused(team):
    with transaction.atomic():
        locked = TaskList.objects.select_for_update().get(pk=team.list.pk)
        actions.remove_member(task_list=locked, user_id=team.member.pk, actor=team.owner)
        other = Other(lambda: team.clients["owner"].post(owner(team), {"username": "member"}, "json"))
        other.wait_until_it_waits()
    assert other.result().status_code == 400
    assert TaskList.objects.get().owner == team.owner


@pytest.mark.django_db(transaction=True)
def test_of_removals_and_handing_over_at_once_each_leaves_one_owner(team):
    calls = [
        lambda: team.clients["owner"].post(owner(team), {"username": "member"}, "json"),
        lambda: team.clients["owner"].delete(f"{members(team)}{team.member.pk}/"),
        lambda: team.clients["member"].delete(f"{members(team)}{team.member.pk}/"),
    ]
    statuses = [answer.status_code for answer in at_once(*calls)]
    assert all(status in {200, 204, 400, 403, 404, 409} for status in statuses)
    task_list = TaskList.objects.get()
    assert not task_list.members.filter(pk=task_list.owner_id).exists()


class TestTheEndOfAnAccount:
    """Lists are handed over; tasks of others stay."""

    @pytest.fixture(autouse=True)
    def _password(self, team):
        team.owner.set_password("correct horse")
        team.owner.save()
        team.member.is_active = False
        team.member.save()
        TaskFactory(task_list=TaskListFactory(owner=team.owner, name="Alone"))

    def test_a_shared_list_goes_to_the_first_active_member(self, team):
        answer = client_of(team.owner).delete("/api/v1/me/", {"password": "correct horse"}, "json")
        assert answer.status_code == 204
        task_list = TaskList.objects.get()
        assert (task_list.name, task_list.owner) == ("Launch", team.assignee)
        assert names(team, "assignee") == ["member"]
        team.task.refresh_from_db()
        assert team.task.assigned_to == team.assignee

    def test_a_list_whose_name_the_member_has_is_renamed(self, team):
        TaskListFactory(owner=team.assignee, name="Launch")
        client_of(team.owner).delete("/api/v1/me/", {"password": "correct horse"}, "json")
        team.list.refresh_from_db()
        assert (team.list.owner, team.list.name) == (team.assignee, f"Launch ({team.list.pk})")

    def test_no_names_of_an_heir_are_in_the_way(self, team):
        for name in ("Launch", f"Launch ({team.list.pk})", f"LAUNCH ({team.list.pk + 1})"):
            TaskListFactory(owner=team.assignee, name=name)
        answer = client_of(team.owner).delete("/api/v1/me/", {"password": "correct horse"}, "json")
        assert answer.status_code == 204
        team.list.refresh_from_db()
        assert (team.list.owner, team.list.name) == (team.assignee, f"Launch ({team.list.pk + 2})")

    def test_an_owner_among_the_members_is_no_heir(self, team):
        team.list.members.set([team.owner])
        answer = client_of(team.owner).delete("/api/v1/me/", {"password": "correct horse"}, "json")
        assert answer.status_code == 204
        assert not TaskList.objects.exists()
