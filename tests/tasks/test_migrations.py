"""Migrations of tasks keep the rows, and stop with a list where rows are in their way."""

from __future__ import annotations

import pytest
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from tasks.models import Notification, Task
from tests.factories import UserFactory
from tests.tasks.factories import NotificationFactory, TaskFactory, TaskListFactory

FIRST, RENAMED, LATEST = "0001_initial", "0002_notification", "0003_names_and_deadlines"


def migrate(name):
    executor = MigrationExecutor(connection)
    executor.migrate([("tasks", name)])
    return executor.loader.project_state([("tasks", name)]).apps


@pytest.fixture
def _migrated_again(transactional_db):
    yield
    Task.objects.all().delete()
    migrate(LATEST)


pytestmark = pytest.mark.usefixtures("_migrated_again")


def test_notices_become_notifications_and_back():
    kept = NotificationFactory(state="sent")
    old = migrate(FIRST).get_model("tasks", "Notice").objects.get()
    assert (old.pk, old.occasion, old.state, old.kind) == (kept.pk, kept.event_at, "sent", kept.kind)
    migrate(LATEST)
    assert Notification.objects.values().get() == {
        name: getattr(kept, name) for name in Notification.objects.values().get()
    }


def test_tasks_and_lists_of_the_same_name_stop_the_migration_with_a_list():
    migrate(RENAMED)
    owner = UserFactory()
    one, other = (TaskListFactory(owner=owner, name=name) for name in ("Plan", "PLAN"))
    TaskListFactory(name="plan")  # another owner's
    tasks = [TaskFactory(task_list=one, name=name) for name in ("Do", "do", "Done")]
    with pytest.raises(CommandError, match=f"'Plan' .id {one.pk}., 'PLAN' .id {other.pk}."):
        migrate(LATEST)
    other.delete()
    with pytest.raises(CommandError) as caught:
        migrate(LATEST)
    assert str(caught.value).splitlines()[1:] == [f"  'Do' (id {tasks[0].pk}), 'do' (id {tasks[1].pk})"]
    tasks[1].delete()
    migrate(LATEST)


def test_deadlines_out_of_range_stop_the_migration_with_a_list():
    migrate(RENAMED)
    far = TaskFactory()
    TaskFactory(deadline=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tasks_task SET deadline = '12345-01-01Z' WHERE id = %s", [far.pk])
    with pytest.raises(CommandError, match=rf"12345-01-01 .* .id {far.pk}."):
        migrate(LATEST)
    Task.objects.filter(pk=far.pk).update(deadline=None)
    migrate(LATEST)
