"""Writes: one transaction each, in which also stands who is told what. It is sent after the commit.

Locks are taken in one order, lists by id, then tasks by id, so that nobody waits in a circle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from api.problems.exceptions import Conflict
from tasks.models import Notice, Status, Task, TaskList, team_of
from tasks.notices import notices_of_change, notices_of_completion
from tasks.tasks import deliver

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from django.contrib.auth.models import User

CHANGEABLE = ["task_list", "name", "description", "assigned_to", "deadline", "status", "updated_at"]
NOT_STARTED_AGAIN = "This task is completed: POST to its reopen/ first."


@transaction.atomic
def save_list(*, task_list: TaskList, members: Iterable[int] | None = None) -> None:
    """Save a list, new or changed, and with ``members`` (ids of users) replace its members.

    Tasks of those who leave are assigned to nobody. The list is locked, or new.
    """
    task_list.save()
    if members is not None:
        task_list.members.set(set(members) - {task_list.owner_id})
        unassign_outsiders(task_list=task_list)


def unassign_outsiders(*, task_list: TaskList) -> None:
    """Assign to nobody what is assigned to people who are neither owner nor member of the list."""
    theirs = task_list.tasks.filter(assigned_to__isnull=False).exclude(assigned_to__in=team_of(task_list))
    theirs.update(assigned_to=None, updated_at=timezone.now())


@transaction.atomic
def save_tasks(*, tasks: Collection[Task], actor: User | None) -> None:
    """Save tasks, new or changed, and tell who got them and who has them no longer.

    The tasks are valid, their lists locked, and so are those that are there already. A deadline moved
    into the future takes a task out of ``overdue``. ``actor`` is not told of what he did himself.
    """
    old = {task.pk: task for task in tasks if task.pk}
    assignees = dict(Task.objects.filter(pk__in=old).values_list("pk", "assigned_to_id"))
    now = timezone.now()
    for task in tasks:
        task.updated_at = now
        if task.status == Status.OVERDUE and not (task.deadline and task.deadline < now):
            task.status = Status.PENDING
    Task.objects.bulk_create(task for task in tasks if task.pk not in old)
    Task.objects.bulk_update(old.values(), CHANGEABLE)
    changes = [(task, assignees.get(task.pk)) for task in tasks]
    _tell(notice for task, before in changes for notice in notices_of_change(task, before, actor))


@transaction.atomic
def complete_task(*, task: Task, actor: User | None) -> None:
    """Complete a task, which is locked, and tell its assignee and the list's owner. Again: nothing."""
    if task.status == Status.COMPLETED:
        return
    task.status, task.completed_at = Status.COMPLETED, timezone.now()
    task.save(update_fields=["status", "completed_at", "updated_at"])
    _tell(notices_of_completion(task, actor))


def reopen_task(*, task: Task) -> None:
    """Make a completed task, which is locked, pending again. Others stay as they are."""
    if task.status == Status.COMPLETED:
        task.status, task.completed_at = Status.PENDING, None
        task.save(update_fields=["status", "completed_at", "updated_at"])


def start_task(*, task: Task) -> None:
    """Put a pending task, which is locked, in progress. One that is overdue stays so.

    Raises:
        Conflict: it is completed.
    """
    if task.status == Status.COMPLETED:
        raise Conflict(NOT_STARTED_AGAIN)
    if task.status == Status.PENDING:
        task.status = Status.IN_PROGRESS
        task.save(update_fields=["status", "updated_at"])


def _tell(notices: Iterable[Notice]) -> None:
    stored = Notice.objects.bulk_create(notices)
    if stored:
        deliver.delay_on_commit([notice.pk for notice in stored])
