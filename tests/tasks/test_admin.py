"""Lists, tasks and notices in the admin."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tasks.models import Notice, Task, TaskList
from tests.tasks.factories import NoticeFactory, TaskFactory


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


@pytest.mark.parametrize("model", [TaskList, Task, Notice])
def test_a_list_is_shown_and_searched_and_costs_the_same_for_1_and_50(admin_client, model):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            page = admin_client.get(address(model, "changelist"), {"q": "a"})
        assert page.status_code == 200
        return page.context["cl"].result_count, len(captured)

    NoticeFactory()
    queries()
    few = queries()
    NoticeFactory.create_batch(49)
    many = queries()
    assert (few[0], many[0]) == (1, 50)
    assert few[1] == many[1]


def test_assigning_in_the_admin_is_told(admin_client, team):
    answer = save(admin_client, team.task, assigned_to=team.member.pk)
    assert answer.status_code == 302
    assert set(Notice.objects.values_list("recipient__username", "kind")) == {
        ("assignee", "unassigned"),
        ("member", "assigned"),
    }


def test_a_task_is_made_in_the_admin(admin_client, team):
    answer = admin_client.post(
        address(Task, "add"), {"task_list": team.list.pk, "name": "New", "assigned_to": team.member.pk}
    )
    assert answer.status_code == 302
    assert Notice.objects.get().recipient == team.member


def test_nobody_outside_of_the_team_is_assigned(admin_client, team):
    answer = save(admin_client, team.task, assigned_to=team.stranger.pk)
    assert "owner or a member" in answer.content.decode()
    team.task.refresh_from_db()
    assert team.task.assigned_to == team.assignee


def test_who_is_taken_out_of_the_team_keeps_no_task(admin_client, team):
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
    assert set(Notice.objects.values_list("recipient__username", "kind")) == {
        ("assignee", "completed"),
        ("owner", "completed"),
    }


def test_notices_show_why_they_were_given_up_and_cannot_be_edited(admin_client):
    notice = NoticeFactory(state="given_up", error="Telegram answered 500")
    assert "Telegram answered 500" in admin_client.get(address(Notice, "changelist")).content.decode()
    assert admin_client.get(address(Notice, "add")).status_code == 403
    assert admin_client.post(address(Notice, "change", notice.pk), {"state": "due"}).status_code == 403
