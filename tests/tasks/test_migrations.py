"""Migrations of tasks keep the rows, and stop with a list where rows are in their way."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from messaging import delivery
from messaging.models import OutgoingMessage
from tasks import deadlines
from tests.factories import UserFactory
from tests.tasks.factories import TaskFactory, TaskListFactory, TaskMessageFactory

FIRST, RENAMED, LATEST = "0001_initial", "0002_notification", "0005_repeat_and_index"


def migrate(name):
    executor = MigrationExecutor(connection)
    executor.migrate([("tasks", name)])
    return executor.loader.project_state([("tasks", name)]).apps


@pytest.fixture
def _migrated_again(transactional_db):
    yield
    with connection.cursor() as cursor:  # the models are those of the latest migration
        cursor.execute("TRUNCATE tasks_task CASCADE")
    call_command("migrate", verbosity=0)  # of all apps, with what follows a migration: triggers of the cache


pytestmark = pytest.mark.usefixtures("_migrated_again")


STATES = ["due", "sending", "sent", "given_up", "uncertain", "obsolete"]


def test_notices_become_messages_and_back():
    task, now = TaskFactory(assigned_to=UserFactory()), timezone.now()
    notices = migrate(FIRST).get_model("tasks", "Notice").objects
    for number, state in enumerate(STATES):
        occasion = now + timedelta(seconds=number)
        values = {
            "recipient_id": task.assigned_to_id,
            "state": state,
            "occasion": occasion,
            "attempts": number,
        }
        notices.create(task_id=task.pk, kind="assigned", **values)
        notices.create(kind="overdue", **values)
    before = list(notices.order_by("pk").values())
    migrate(LATEST)
    messages = OutgoingMessage.objects.order_by("pk")
    expected = [state.replace("due", "pending") for state in STATES for _ in range(2)]
    assert [message.state for message in messages] == expected
    assert [message.kind for message in messages] == ["tasks.assigned", "tasks.overdue"] * len(STATES)
    migrate(FIRST)
    assert list(notices.order_by("pk").values()) == before
    assert not messages.all().exists()
    migrate(LATEST)


def test_what_was_sent_before_the_migration_is_not_sent_again():
    deadline = timezone.now() + timedelta(minutes=30)
    task = TaskFactory(assigned_to=UserFactory(), deadline=deadline)
    assigned = TaskMessageFactory.build(task=task, user=task.assigned_to, event_at=deadline)
    notifications = migrate(RENAMED).get_model("tasks", "Notification").objects
    values = {"recipient_id": task.assigned_to_id, "task_id": task.pk, "event_at": deadline, "state": "sent"}
    for kind in ("assigned", "hour_before"):
        notifications.create(kind=kind, **values)
    migrate(LATEST)
    assert deadlines.remind() == 0
    delivery.send_all([assigned])
    assert set(OutgoingMessage.objects.values_list("kind", "state")) == {
        ("tasks.assigned", "sent"),
        ("tasks.hour_before", "sent"),
    }


def test_tasks_and_lists_of_the_same_name_stop_the_migration_with_a_list():
    tasks_then = migrate(RENAMED).get_model("tasks", "Task").objects
    owner = UserFactory()
    one, other = (TaskListFactory(owner=owner, name=name) for name in ("Plan", "PLAN"))
    TaskListFactory(name="plan")  # another owner's
    tasks = [tasks_then.create(task_list_id=one.pk, name=name) for name in ("Do", "do", "Done")]
    with pytest.raises(CommandError, match=f"'Plan' .id {one.pk}., 'PLAN' .id {other.pk}."):
        migrate(LATEST)
    other.delete()
    with pytest.raises(CommandError) as caught:
        migrate(LATEST)
    assert str(caught.value).splitlines()[1:] == [f"  'Do' (id {tasks[0].pk}), 'do' (id {tasks[1].pk})"]
    tasks[1].delete()
    migrate(LATEST)


def test_deadlines_out_of_range_stop_the_migration_with_a_list():
    tasks_then = migrate(RENAMED).get_model("tasks", "Task").objects
    far, near = (tasks_then.create(task_list_id=TaskListFactory().pk, name=name) for name in ("far", "near"))
    tasks_then.filter(pk=near.pk).update(deadline=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tasks_task SET deadline = '12345-01-01Z' WHERE id = %s", [far.pk])
    with pytest.raises(CommandError, match=rf"12345-01-01 .* .id {far.pk}."):
        migrate(LATEST)
    tasks_then.filter(pk=far.pk).update(deadline=None)
    migrate(LATEST)
