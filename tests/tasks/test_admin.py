"""Lists and tasks in the admin."""

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from messaging.models import OutgoingMessage
from tasks.actions import complete_task, save_list
from tasks.models import DEADLINE_RANGE, LIST_NAME_TAKEN, TASK_NAME_TAKEN, Task, TaskList
from tests.factories import UserFactory
from tests.support.threads import Other
from tests.tasks.factories import TaskFactory


def address(model, view, *args):
    return reverse(f"admin:tasks_{model._meta.model_name}_{view}", args=args)


def save(client, row, **values):
    """Post the form of a row as the page holds it, with some values changed."""
    page = client.get(address(type(row), "change", row.pk))
    form = {
        name: "" if value is None else value for name, value in page.context["adminform"].form.initial.items()
    }
    if "deadline" in form:
        form.pop("deadline")
    form = {
        name: [one.pk for one in value] if isinstance(value, list) else value for name, value in form.items()
    }
    return client.post(address(type(row), "change", row.pk), {**form, **values})


@pytest.mark.parametrize("model", [TaskList, Task])
def test_a_list_is_shown_and_searched_and_costs_the_same_for_1_and_50(admin_client, model):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            page = admin_client.get(address(model, "changelist"), {"q": "a"})
        assert page.status_code == 200
        return page.context["cl"].result_count, len(captured)

    TaskFactory(assigned_to=UserFactory())
    queries()
    few = queries()
    for _ in range(49):
        TaskFactory(assigned_to=UserFactory())
    many = queries()
    assert (few[0], many[0]) == (1, 50)
    assert few[1] == many[1]


def test_assigning_in_the_admin_notifies(admin_client, team):
    answer = save(admin_client, team.task, assigned_to=team.member.pk)
    assert answer.status_code == 302
    assert set(OutgoingMessage.objects.values_list("user__username", "kind")) == {
        ("assignee", "tasks.unassigned"),
        ("member", "tasks.assigned"),
    }


def test_a_task_is_made_in_the_admin(admin_client, team):
    answer = admin_client.post(
        address(Task, "add"), {"task_list": team.list.pk, "name": "New", "assigned_to": team.member.pk}
    )
    assert answer.status_code == 302
    assert OutgoingMessage.objects.get().user == team.member


def test_an_outsider_is_not_assigned(admin_client, team):
    answer = save(admin_client, team.task, assigned_to=team.stranger.pk)
    assert "owner or one of its members" in answer.content.decode()
    team.task.refresh_from_db()
    assert team.task.assigned_to == team.assignee


def test_a_user_who_is_removed_from_the_team_keeps_no_task(admin_client, team):
    assert save(admin_client, team.list, members=[team.member.pk]).status_code == 302
    team.task.refresh_from_db()
    assert team.task.assigned_to is None


def test_a_task_that_moves_to_another_list_is_in_it(admin_client, team):
    other = TaskFactory(task_list__members=[team.assignee]).task_list
    assert save(admin_client, team.task, task_list=other.pk).status_code == 302
    team.task.refresh_from_db()
    assert team.task.task_list == other


def test_completing_and_reopening_the_selected(admin_client, team):
    def run(action):
        data = {"action": action, "_selected_action": [team.task.pk]}
        assert admin_client.post(address(Task, "changelist"), data).status_code == 302
        team.task.refresh_from_db()
        return team.task.status

    assert run("complete") == "completed"
    assert run("reopen") == "pending"
    history = LogEntry.objects.values_list("user__username", "object_repr", "action_flag")
    assert list(history) == [("admin", "Write", CHANGE)] * 2
    assert set(OutgoingMessage.objects.values_list("user__username", "kind")) == {
        ("assignee", "tasks.completed"),
        ("owner", "tasks.completed"),
    }


def answer_after(request, change):
    """What ``request`` is answered that comes while ``change`` is in flight and waits for it."""
    with transaction.atomic():
        change()
        other = Other(request)
        other.wait_until_it_waits()
    return other.result()


@pytest.mark.django_db(transaction=True)
def test_a_task_that_is_completed_while_it_is_saved_stays_completed(admin_client, team):
    def complete():
        complete_task(task=Task.objects.select_for_update().get(pk=team.task.pk), actor=team.owner)

    assert answer_after(lambda: save(admin_client, team.task, name="New"), complete).status_code == 302
    team.task.refresh_from_db()
    assert (team.task.name, team.task.status) == ("New", "completed")


@pytest.mark.django_db(transaction=True)
def test_a_member_who_leaves_at_that_moment_is_not_assigned_a_new_task(admin_client, team):
    form = {"task_list": team.list.pk, "name": "New", "assigned_to": team.member.pk}

    def leave():
        save_list(task_list=TaskList.objects.select_for_update().get(pk=team.list.pk), members=[])

    answer = answer_after(lambda: admin_client.post(address(Task, "add"), form), leave)
    assert "owner or one of its members" in answer.content.decode()
    assert Task.objects.get() == team.task


@pytest.mark.django_db(transaction=True)
def test_a_member_who_leaves_the_list_that_a_task_moves_to_is_not_assigned_it(admin_client, team):
    other = TaskFactory(task_list__owner=team.owner, task_list__members=[team.assignee]).task_list

    def leave():
        save_list(task_list=TaskList.objects.select_for_update().get(pk=other.pk), members=[])

    answer = answer_after(lambda: save(admin_client, team.task, task_list=other.pk), leave)
    assert "owner or one of its members" in answer.content.decode()
    assert Task.objects.get(pk=team.task.pk).task_list == team.list


@pytest.mark.parametrize("choice", ["", "0", "9" * 30])
def test_a_list_that_is_none_is_refused_by_the_form(admin_client, team, choice):
    answer = save(admin_client, team.task, task_list=choice)
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors.keys() == {"task_list"}


@pytest.mark.parametrize("choice", ["", "0", "x", "\0", "9" * 30])
def test_a_new_task_with_an_assignee_and_no_list_is_refused_by_the_form(admin_client, team, choice):
    form = {"name": "New", "assigned_to": team.member.pk, "task_list": choice}
    answer = admin_client.post(address(Task, "add"), form)
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors.keys() == {"task_list"}


@pytest.mark.parametrize("year", ["1969", "2201", "9999"])
def test_a_deadline_out_of_range_is_refused_by_the_form(admin_client, team, year):
    form = {"task_list": team.list.pk, "name": "New", "deadline_0": f"{year}-12-31", "deadline_1": "00:00:00"}
    answer = admin_client.post(address(Task, "add"), form)
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors == {"deadline": [DEADLINE_RANGE]}


def test_a_name_that_is_taken_is_an_error_of_its_field(admin_client, team):
    for data, row, message in (
        ({"name": "LAUNCH\u200b", "owner": team.owner.pk}, TaskList, LIST_NAME_TAKEN),
        ({"name": " wRITE", "task_list": team.list.pk}, Task, TASK_NAME_TAKEN),
    ):
        answer = admin_client.post(address(row, "add"), data)
        assert answer.status_code == 200
        assert answer.context["adminform"].form.errors == {"name": [message]}


def test_an_inactive_member_stays_and_is_not_added(admin_client, team):
    User.objects.filter(pk__in=[team.assignee.pk, team.stranger.pk]).update(is_active=False)
    assert save(admin_client, team.list, name="New").status_code == 302
    assert save(admin_client, team.task, name="New").status_code == 302
    answer = save(admin_client, team.list, members=[team.assignee.pk, team.stranger.pk])
    assert answer.context["adminform"].form.errors == {
        "members": ["New members must be active. These are not: stranger."]
    }
    answer = save(admin_client, team.list, owner=team.stranger.pk)
    assert answer.context["adminform"].form.errors == {"owner": ["The owner must be an active user."]}
    data = {"task_list": team.list.pk, "name": "Newer", "assigned_to": team.assignee.pk}
    answer = admin_client.post(address(Task, "add"), data)
    assert answer.context["adminform"].form.errors.keys() == {"assigned_to"}


def test_the_owner_is_not_among_the_members(admin_client, team):
    both = [team.owner.pk, team.member.pk]
    assert save(admin_client, team.list, members=both).status_code == 302
    assert list(team.list.members.all()) == [team.member]
    new = {"name": "New", "owner": team.owner.pk, "members": both}
    assert admin_client.post(address(TaskList, "add"), new).status_code == 302
    assert list(TaskList.objects.get(name="New").members.all()) == [team.member]


def test_saving_without_a_change_changes_no_etag(admin_client, team):
    task = f"/api/v1/tasks/{team.task.pk}/"
    etag = team.clients["owner"].get(task)["ETag"]
    assert save(admin_client, team.task).status_code == 302
    assert team.clients["owner"].get(task)["ETag"] == etag


def test_a_status_that_there_is_not_shows_nothing(admin_client, team):
    for status in ("done", ""):
        page = admin_client.get(address(Task, "changelist"), {"status__exact": status})
        assert page.status_code == 200
        assert page.context["cl"].result_count == 0
