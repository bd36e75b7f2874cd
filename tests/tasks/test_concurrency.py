"""Two at once: a row is made or moved while what it refers to is deleted, and names of one key."""

from __future__ import annotations

from functools import partial

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from accounts.account import delete_account
from clients.models import Client as Company
from tasks.models import Task, TaskList
from tests.factories import UserFactory
from tests.support.threads import Other, at_once
from tests.tasks.conftest import client_of
from tests.tasks.factories import TaskListFactory

pytestmark = pytest.mark.django_db(transaction=True)


def answer_beside(delete, request):
    """Return the response to a request that comes while a deletion is in flight."""
    with transaction.atomic():
        delete()
        other = Other(request)
        other.wait_until_it_waits()
    return other.result()


def test_a_task_made_in_a_list_that_is_being_deleted_is_a_404(team):
    address = f"/api/v1/lists/{team.list.pk}/tasks/"
    answer = answer_beside(
        team.list.delete, lambda: team.clients["member"].post(address, {"name": "x"}, "json")
    )
    assert answer.status_code == 404
    assert not Task.objects.exists()


def test_a_task_made_by_a_bulk_in_a_list_that_is_being_deleted_is_a_400(team):
    rows = {"tasks": [{"task_list": team.list.pk, "name": "x"}]}
    send = lambda: team.clients["member"].post("/api/v1/tasks/bulk/", rows, "json")  # noqa: E731
    answer = answer_beside(team.list.delete, send)
    assert list(answer.json()["errors"]) == ["tasks.0.task_list"]


def test_a_task_changed_while_its_list_is_being_deleted_is_a_404(team):
    address = f"/api/v1/tasks/{team.task.pk}/"
    send = lambda: team.clients["owner"].patch(address, {"name": "x"}, "json")  # noqa: E731
    assert answer_beside(team.list.delete, send).status_code == 404


def test_a_task_moved_in_the_admin_to_a_list_that_is_being_deleted_is_refused(team, admin_client):
    other = TaskListFactory(owner=team.owner)
    form = {"task_list": other.pk, "name": "Write"}
    address = f"/admin/tasks/task/{team.task.pk}/change/"
    answer = answer_beside(other.delete, lambda: admin_client.post(address, form))
    assert answer.context["adminform"].form.errors.keys() == {"task_list"}


@pytest.mark.parametrize("what", ["assignee", "member", "owner"])
def test_a_user_who_is_deleted_while_work_is_given_to_them_is_a_409(team, what):
    late = UserFactory(username="late")
    pk, theirs = late.pk, client_of(late)
    team.list.members.add(late)
    owner, tasks = team.clients["owner"], f"/api/v1/lists/{team.list.pk}/tasks/"
    send = {
        "assignee": lambda: owner.post(tasks, {"name": "x", "assigned_to": pk}, "json"),
        "member": lambda: owner.post("/api/v1/lists/", {"name": "x", "members": [pk]}, "json"),
        "owner": lambda: theirs.post("/api/v1/lists/", {"name": "x"}, "json"),
    }[what]
    before = Task.objects.count(), TaskList.objects.count()
    answer = answer_beside(User.objects.filter(pk=pk).delete, send)
    assert answer.status_code == 409
    assert answer["Content-Type"] == "application/problem+json"
    assert (Task.objects.count(), TaskList.objects.count()) == before


def test_of_names_that_are_the_same_one_is_made(team):
    names = ["New", "NEW", "new", "Ne\u200bw", "Ｎew"] * 2
    lists = [partial(team.clients["owner"].post, "/api/v1/lists/", {"name": name}, "json") for name in names]
    address = f"/api/v1/lists/{team.list.pk}/tasks/"
    tasks = [partial(team.clients["member"].post, address, {"name": name}, "json") for name in names]
    for calls in (lists, tasks):
        statuses = sorted(answer.status_code for answer in at_once(*calls))
        assert statuses[0] == 201
        assert set(statuses[1:]) <= {400, 409}


def test_of_tasks_and_the_deletion_of_their_list_none_is_a_500(team):
    address = f"/api/v1/lists/{team.list.pk}/tasks/"
    calls = [partial(team.clients["member"].post, address, {"name": f"{n}"}, "json") for n in range(15)]
    calls.insert(7, partial(team.clients["owner"].delete, f"/api/v1/lists/{team.list.pk}/"))
    statuses = {answer.status_code for answer in at_once(*calls)}
    assert statuses <= {201, 204, 404, 409}
    assert 204 in statuses
    assert not Task.objects.exists()


PASSWORD = "correct horse"


def leaves(user, *, is_needed):
    """Return what deletes the account of a user; a company may need the user."""
    user.set_password(PASSWORD)
    user.save()
    if is_needed:
        Company.objects.create(user=user, company_name="Company", full_address="Address")
    return lambda: delete_account(user=user, password=PASSWORD)


@pytest.mark.parametrize("is_needed", [True, False])
def test_a_list_is_not_handed_over_to_a_member_who_is_leaving(team, is_needed):
    send = lambda: team.clients["owner"].post(  # noqa: E731
        f"/api/v1/lists/{team.list.pk}/owner/", {"username": "member"}, "json"
    )
    assert answer_beside(leaves(team.member, is_needed=is_needed), send).status_code == 409
    assert TaskList.objects.get().owner == team.owner


@pytest.mark.parametrize("is_needed", [True, False])
def test_a_list_whose_heir_is_leaving_goes_to_the_next_member(team, is_needed):
    team.owner.set_password(PASSWORD)
    team.owner.save()
    send = lambda: team.clients["owner"].delete("/api/v1/me/", {"password": PASSWORD}, "json")  # noqa: E731
    assert answer_beside(leaves(team.member, is_needed=is_needed), send).status_code == 204
    assert TaskList.objects.get().owner == team.assignee


def test_the_admin_makes_no_user_the_owner_who_is_leaving(team, admin_client):
    form = {"name": "Launch", "owner": team.stranger.pk, "members": []}
    address = f"/admin/tasks/tasklist/{team.list.pk}/change/"
    answer = answer_beside(leaves(team.stranger, is_needed=True), lambda: admin_client.post(address, form))
    assert answer.context["adminform"].form.errors.keys() == {"owner"}
    assert TaskList.objects.get().owner == team.owner
