"""Many tasks at once, all or none."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from messaging.models import OutgoingMessage
from tasks.models import Task
from tests.tasks.factories import TaskFactory, TaskListFactory

BULK = "/api/v1/tasks/bulk/"


def post(team, rows, who="owner"):
    return team.clients[who].post(BULK, {"tasks": rows}, "json")


def test_rows_make_and_change_tasks_in_their_order(team):
    other = TaskListFactory(owner=team.owner)
    answer = post(
        team,
        [
            {"task_list": other.pk, "name": "New", "deadline": "2040-01-01T00:00:00Z"},
            {"id": team.task.pk, "name": "Rewritten", "assigned_to": team.member.pk},
            {"task_list": team.list.pk, "name": "Newer"},
        ],
    )
    assert answer.status_code == 200
    rows = answer.json()["tasks"]
    assert [row["name"] for row in rows] == ["New", "Rewritten", "Newer"]
    assert [row["task_list"] for row in rows] == [other.pk, team.list.pk, team.list.pk]
    for row in rows:
        assert team.clients["owner"].get(f"/api/v1/tasks/{row['id']}/").json() == row


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        ({"task_list": "{list}"}, "name"),
        ({"task_list": "{list}", "name": "x" * 201}, "name"),
        ({"task_list": "{list}", "name": "Write"}, "name"),
        ({"task_list": "{list}", "name": "Task 3"}, "name"),
        ({"task_list": "{list}", "name": "Bad", "assigned_to": 999999}, "assigned_to"),
        ({"task_list": "{list}", "name": "Bad", "deadline": "x"}, "deadline"),
        ({"task_list": 999999, "name": "Bad"}, "task_list"),
        ({"task_list": "x", "name": "Bad"}, "task_list"),
        ({"task_list": 2**63, "name": "Bad"}, "task_list"),
        ({"id": 999999, "name": "Bad"}, "id"),
        ({"id": "{task}", "name": ""}, "name"),
        ({"name": "Bad"}, "non_field_errors"),
        ({"id": "{task}", "task_list": "{list}", "name": "Bad"}, "non_field_errors"),
    ],
)
def test_one_bad_row_of_100_is_named_and_nothing_is_changed(team, bad, error):
    places = {"{list}": team.list.pk, "{task}": team.task.pk}
    rows = [{"task_list": team.list.pk, "name": f"Task {number}"} for number in range(100)]
    rows[57] = {name: places.get(value, value) for name, value in bad.items()}
    before = list(Task.objects.values())
    answer = post(team, rows)
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {f"tasks.57.{error}"}
    assert list(Task.objects.values()) == before
    assert not OutgoingMessage.objects.exists()


def test_every_bad_row_is_named(team):
    answer = post(team, [{"name": "x"}, {"task_list": team.list.pk, "name": "ok"}, {"id": 0}])
    assert set(answer.json()["errors"]) == {"tasks.0.non_field_errors", "tasks.2.id"}


def test_a_task_in_two_rows_is_refused(team):
    answer = post(team, [{"id": team.task.pk, "name": "One"}, {"id": team.task.pk, "name": "Two"}])
    assert set(answer.json()["errors"]) == {"tasks.1.id"}


@pytest.mark.parametrize(
    "body", [{}, {"tasks": []}, {"tasks": {}}, {"tasks": ["x"]}, {"tasks": [{"id": 1}] * 101}]
)
def test_what_is_no_list_of_1_to_100_rows_is_a_400(team, body):
    assert team.clients["owner"].post(BULK, body, "json").status_code == 400


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"task_list": "{list}", "name": "New", "status": "completed"}, "status"),
        ({"id": "{task}", "completed_at": "2001-01-01T00:00:00Z"}, "completed_at"),
        ({"id": "{task}", "owner": 1}, "owner"),
    ],
)
def test_a_field_that_a_row_does_not_take_is_named(team, row, field):
    places = {"{list}": team.list.pk, "{task}": team.task.pk}
    row = {name: places.get(value, value) for name, value in row.items()}
    errors = post(team, [{"id": team.task.pk, "name": "Fine"}, row]).json()["errors"]
    assert list(errors) == [f"tasks.1.{field}"]
    assert (
        "Accepted: id, task_list, name, description, assigned_to, deadline" in errors[f"tasks.1.{field}"][0]
    )
    assert Task.objects.get().name == "Write"


def test_a_row_that_changes_nothing_changes_no_etag(team):
    address = f"/api/v1/tasks/{team.task.pk}/"
    etag = team.clients["owner"].get(address)["ETag"]
    row = {"id": team.task.pk, "name": "Write", "assigned_to": team.assignee.pk}
    assert post(team, [row]).status_code == 200
    assert team.clients["owner"].get(address)["ETag"] == etag


def test_a_bulk_costs_the_same_for_1_row_and_50(team):
    def queries(rows):
        with CaptureQueriesContext(connection) as captured:
            assert post(team, rows).status_code == 200
        return len(captured)

    def rows(tasks, prefix):
        changes = [{"id": task.pk, "assigned_to": team.member.pk} for task in tasks]
        return changes + [
            {"task_list": team.list.pk, "name": f"{prefix} {n}", "assigned_to": team.member.pk}
            for n in range(len(tasks))
        ]

    few = queries(rows([team.task], "few"))
    many = queries(rows(TaskFactory.create_batch(50, task_list=team.list), "many"))
    assert few == many
