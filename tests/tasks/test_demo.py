"""Demo lists and tasks."""

import pytest
from django.db.models import F, Q

from devtools.demo import tasks as demo
from devtools.demo import users
from devtools.demo.plan import Plan
from messaging.models import OutgoingMessage
from tasks import deadlines
from tasks.models import Status, Task, TaskList

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _filled():
    users.fill(Plan())
    demo.fill(Plan())


def test_there_are_tasks_in_every_state():
    assert TaskList.objects.count() == demo.LISTS["small"]
    assert set(Task.objects.values_list("status", flat=True)) == set(Status.values)


def test_a_second_run_adds_nothing():
    assert demo.fill(Plan()) == 0


def test_tasks_are_assigned_within_the_team():
    on_the_team = Q(assigned_to=F("task_list__owner")) | Q(assigned_to__in=F("task_list__members"))
    inside = Task.objects.filter(on_the_team).values("pk")
    assert not Task.objects.filter(assigned_to__isnull=False).exclude(pk__in=inside).exists()


def test_demo_tasks_notify_no_user():
    assert deadlines.mark_overdue() == deadlines.remind() == 0
    assert not OutgoingMessage.objects.exists()
