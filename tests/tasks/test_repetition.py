"""Tasks that repeat: the next one is made when one is completed, once."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from messaging.models import OutgoingMessage
from tasks.models import MAX_DEADLINE, MIN_DEADLINE, Task
from tasks.repetition import next_deadline
from tests.support.threads import at_once
from tests.tasks.factories import TaskFactory


def day(text):
    return datetime.fromisoformat(f"{text}T09:30:00+00:00")


@pytest.mark.parametrize(
    ("repeat", "deadline", "now", "expected"),
    [
        ("daily", "2030-02-28", "2020-01-01", "2030-03-01"),
        ("weekly", "2030-12-30", "2020-01-01", "2031-01-06"),
        ("monthly", "2030-01-31", "2020-01-01", "2030-02-28"),
        ("monthly", "2030-02-28", "2020-01-01", "2030-03-31"),
        ("monthly", "2028-01-31", "2020-01-01", "2028-02-29"),
        ("monthly", "2030-12-31", "2020-01-01", "2031-01-31"),
        ("daily", "2030-01-01", "2030-05-05", "2030-05-06"),
        ("weekly", "2030-01-01", "2030-01-08", "2030-01-15"),
        ("monthly", "2030-01-31", "2030-04-29", "2030-04-30"),
        ("monthly", "2030-01-31", "2030-04-30", "2030-05-31"),
    ],
)
def test_the_next_deadline(repeat, deadline, now, expected):
    assert next_deadline(day(deadline), repeat, 31, day(now)) == day(expected)


@given(
    st.sampled_from(["daily", "weekly", "monthly"]),
    st.floats(0, 1).map(lambda part: MIN_DEADLINE + part * (MAX_DEADLINE - MIN_DEADLINE)),
    st.floats(0.2, 1).map(lambda part: MIN_DEADLINE + part * (MAX_DEADLINE - MIN_DEADLINE)),
)
def test_the_next_deadline_is_the_first_in_the_future(repeat, deadline, now):
    found = next_deadline(deadline, repeat, deadline.day, now)
    if found is None:
        assert max(deadline, now) > MAX_DEADLINE - timedelta(days=32)
        return
    assert found > max(deadline, now)
    assert found - max(deadline, now) <= {"daily": timedelta(1), "weekly": timedelta(7)}.get(
        repeat, timedelta(31)
    )
    assert found.time() == deadline.time()


def make(team, **data):
    values = {"name": "Pay", "deadline": "2040-01-31T09:30:00Z", "repeat": "monthly", **data}
    answer = team.clients["owner"].post(f"/api/v1/lists/{team.list.pk}/tasks/", values, "json")
    assert answer.status_code == 201, answer.json()
    return answer.json()


def act(team, task_id, action, who="owner"):
    return team.clients[who].post(f"/api/v1/tasks/{task_id}/{action}/")


def open_tasks(team):
    return list(Task.objects.filter(name="Pay", completed_at=None).order_by("pk"))


def test_completing_makes_the_next_which_keeps_name_assignee_and_day(team):
    first = make(team, assigned_to=team.assignee.pk, description="By card")
    assert (first["repeat"], first["repeated"]) == ("monthly", False)
    OutgoingMessage.objects.all().delete()
    done = act(team, first["id"], "complete").json()
    assert (done["status"], done["repeated"]) == ("completed", True)
    deadlines = []
    for _ in range(3):
        [task] = open_tasks(team)
        deadlines.append(f"{task.deadline:%m-%d}")
        assert (task.assigned_to, task.description, task.repeat) == (team.assignee, "By card", "monthly")
        act(team, task.pk, "complete")
    assert deadlines == ["02-29", "03-31", "04-30"]
    assert OutgoingMessage.objects.filter(kind="tasks.assigned").count() == 4


def test_a_task_reopened_and_completed_again_makes_no_second(team):
    first = make(team)
    act(team, first["id"], "complete")
    assert act(team, first["id"], "reopen").json()["repeated"] is True
    assert act(team, first["id"], "complete").status_code == 200
    assert len(open_tasks(team)) == 1
    [following] = open_tasks(team)
    following.delete()
    act(team, first["id"], "reopen")
    act(team, first["id"], "complete")
    assert open_tasks(team) == []


def test_one_that_does_not_repeat_makes_none(team):
    act(team, team.task.pk, "complete")
    assert Task.objects.count() == 1


def test_a_long_overdue_one_is_due_in_the_future(team):
    first = make(team, deadline="2020-01-31T09:30:00Z")
    act(team, first["id"], "complete")
    [task] = open_tasks(team)
    assert timezone.now() < task.deadline <= timezone.now() + timedelta(days=31)


def test_an_assignee_who_is_inactive_gets_no_new_task(team):
    first = make(team, assigned_to=team.assignee.pk)
    team.assignee.is_active = False
    team.assignee.save()
    act(team, first["id"], "complete")
    assert open_tasks(team)[0].assigned_to is None


def test_the_last_possible_deadline_has_no_successor(team):
    first = make(team, deadline=MAX_DEADLINE.isoformat())
    assert act(team, first["id"], "complete").json()["repeated"] is False


def test_another_deadline_or_period_sets_the_day_and_another_name_does_not(team):
    first = make(team)
    act(team, first["id"], "complete")
    [task] = open_tasks(team)
    address = f"/api/v1/tasks/{task.pk}/"
    team.clients["owner"].patch(address, {"description": "x"}, "json")
    assert Task.objects.get(pk=task.pk).repeat_day == 31
    team.clients["owner"].patch(address, {"deadline": "2040-02-15T09:30:00Z"}, "json")
    assert Task.objects.get(pk=task.pk).repeat_day == 15
    team.clients["owner"].patch(address, {"repeat": None}, "json")
    assert Task.objects.get(pk=task.pk).repeat_day is None


@pytest.mark.parametrize("data", [{"repeat": "yearly"}, {"repeat": 5}, {"deadline": None}, {"repeat": ""}])
def test_what_is_no_repetition_is_an_error_of_the_field(team, data):
    values = {"name": "Pay", "deadline": "2040-01-31T09:30:00Z", "repeat": "daily", **data}
    answer = team.clients["owner"].post(f"/api/v1/lists/{team.list.pk}/tasks/", values, "json")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["repeat"])
    rows = {"tasks": [{"task_list": team.list.pk, **values}]}
    answer = team.clients["owner"].post("/api/v1/tasks/bulk/", rows, "json")
    assert list(answer.json()["errors"]) == ["tasks.0.repeat"]


def test_the_deadline_of_a_series_cannot_be_removed(team):
    first = make(team)
    address = f"/api/v1/tasks/{first['id']}/"
    assert team.clients["owner"].patch(address, {"deadline": None}, "json").status_code == 400
    both = {"deadline": None, "repeat": None}
    assert team.clients["owner"].patch(address, both, "json").status_code == 200
    with pytest.raises(IntegrityError, match="task_repeat_has_deadline"), transaction.atomic():
        Task.objects.update(repeat="daily", deadline=None)


@pytest.mark.django_db(transaction=True)
def test_of_many_completions_at_once_one_makes_the_next(team):
    first = make(team, assigned_to=team.assignee.pk)
    calls = [lambda who=who: act(team, first["id"], "complete", who) for who in ("owner", "assignee") * 4]
    assert {answer.status_code for answer in at_once(*calls)} == {200}
    assert len(open_tasks(team)) == 1


def test_a_repeated_task_leaves_its_name_to_the_next(team):
    first = make(team)
    act(team, first["id"], "complete")
    address = f"/api/v1/tasks/{first['id']}/"
    read = team.clients["owner"].get(address).json()
    assert team.clients["owner"].put(address, read, "json").json() == read
    answer = team.clients["owner"].post(f"/api/v1/lists/{team.list.pk}/tasks/", {"name": "PAY"}, "json")
    assert list(answer.json()["errors"]) == ["name"]
    with pytest.raises(IntegrityError, match="task_name_key"), transaction.atomic():
        TaskFactory(task_list=team.list, name="pay")
