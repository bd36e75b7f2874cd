"""Writes: one transaction each, which also records the messages that go out after the commit.

Locks are taken in one order, lists by id, then tasks by id, so that there is no deadlock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from api.problems.exceptions import Conflict
from messaging import delivery
from tasks.models import Status, Task, TaskList, team_of
from tasks.notifications import messages_of_change, messages_of_completion, unsent_messages_of_assignment

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from django.contrib.auth.models import User

CHANGEABLE = ["task_list", "name", "description", "assigned_to", "deadline", "status", "updated_at"]
NOT_STARTED_AGAIN = "This task is completed: POST to its reopen/ first."


@transaction.atomic
def save_list(
    *, task_list: TaskList, members: Iterable[int] | None = None, actor: User | None = None
) -> None:
    """Save a list, new or changed, and with ``members`` (ids of users) replace its members.

    Tasks of those who leave are unassigned. The list is locked, or new.
    """
    task_list.save()
    if members is not None:
        task_list.members.set(set(members) - {task_list.owner_id})
        unassign_outsiders(task_list=task_list, actor=actor)


@transaction.atomic
def unassign_outsiders(*, task_list: TaskList, actor: User | None) -> None:
    """Unassign the tasks of users who are neither owner nor member of the list, and notify them."""
    theirs = task_list.tasks.filter(assigned_to__isnull=False).exclude(assigned_to__in=team_of(task_list))
    tasks = list(theirs.select_for_update(no_key=True).order_by("pk"))
    for task in tasks:
        task.task_list, task.assigned_to_id = task_list, None
    if tasks:
        save_tasks(tasks=tasks, actor=actor)


@transaction.atomic
def save_tasks(*, tasks: Collection[Task], actor: User | None) -> None:
    """Save tasks, new or changed, and notify who got them and who no longer has them.

    The tasks are valid, their lists are locked, and so are existing tasks. A deadline that is moved into
    the future takes a task out of ``overdue``. ``actor`` is not notified of changes of their own.
    """
    old = {task.pk: task for task in tasks if task.pk}
    assignees = dict(Task.objects.filter(pk__in=old).values_list("pk", "assigned_to_id"))
    now = timezone.now()
    for task in tasks:
        task.updated_at = now
        if task.status == Status.OVERDUE:
            task.status = task.status_at(now)
    Task.objects.bulk_create(task for task in tasks if task.pk not in old)
    Task.objects.bulk_update(old.values(), CHANGEABLE)
    changes = [(task, assignees.get(task.pk)) for task in tasks]
    delivery.send_all([one for task, before in changes for one in messages_of_change(task, before, actor)])


@transaction.atomic
def complete_task(*, task: Task, actor: User | None) -> None:
    """Complete a task, which is locked, and notify its assignee and the list's owner.

    A completed task stays as it is.
    """
    if task.status == Status.COMPLETED:
        return
    task.status, task.completed_at = Status.COMPLETED, timezone.now()
    task.save(update_fields=["status", "completed_at", "updated_at"])
    delivery.send_all(list(messages_of_completion(task, actor)))


@transaction.atomic
def reopen_task(*, task: Task) -> None:
    """Make a completed task, which is locked, pending again. Others stay as they are.

    Messages that its completion made obsolete are sent after all.
    """
    if task.status == Status.COMPLETED:
        task.status, task.completed_at = Status.PENDING, None
        task.save(update_fields=["status", "completed_at", "updated_at"])
        delivery.send_all(list(unsent_messages_of_assignment(task)))


def start_task(*, task: Task, now: datetime) -> None:
    """Put a pending task, which is locked, in progress. One that is overdue stays so.

    Raises:
        Conflict: it is completed.
    """
    if task.status == Status.COMPLETED:
        raise Conflict(NOT_STARTED_AGAIN)
    if task.status_at(now) == Status.PENDING:
        task.status = Status.IN_PROGRESS
        task.save(update_fields=["status", "updated_at"])
