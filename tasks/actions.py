"""Writes: one transaction each, which also records the messages that go out after the commit.

Locks are taken in one order, lists by id, then tasks by id, so that there is no deadlock.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from api.problems.exceptions import Conflict
from core.history import record_addition, record_change, record_changes
from core.names import same_name
from messaging import delivery
from tasks.models import Repeat, Status, Task, TaskList, active_team_of, team_of
from tasks.notifications import (
    messages_of_change,
    messages_of_completion,
    notify_owner,
    unsent_messages_of_assignment,
)
from tasks.repetition import next_deadline

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from django.contrib.auth.models import User

CHANGEABLE = [
    *("task_list", "name", "description", "assigned_to", "deadline", "repeat", "repeat_day"),
    *("status", "updated_at"),
]
MAX_MEMBERS = 200
TOO_MANY_MEMBERS = f"A list has at most {MAX_MEMBERS} members."
OWNS_IT = "This user owns the list: hand it over first."
HAS_SUCH_A_LIST = "This user has a list of this name already: rename one of them first."
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
def add_member(*, task_list: TaskList, user: User, actor: User) -> bool:
    """Add a user to the members of a list, which is locked. Return False for one who is a member already.

    Raises:
        Conflict: the list has as many members as it can have, or the user owns it.
    """
    if user.pk == task_list.owner_id:
        raise Conflict(OWNS_IT)
    members = set(task_list.members.values_list("pk", flat=True))
    if user.pk in members:
        return False
    if len(members) >= MAX_MEMBERS:
        raise Conflict(TOO_MANY_MEMBERS)
    task_list.members.add(user)
    task_list.save(update_fields=["updated_at"])
    record_change(actor, task_list, ["members"])
    return True


@transaction.atomic
def remove_member(*, task_list: TaskList, user_id: int, actor: User) -> bool:
    """Remove a member from a list, which is locked, and unassign the member's tasks.

    Returns:
        False if there is no such member.

    Raises:
        Conflict: the user owns the list.
    """
    if user_id == task_list.owner_id:
        raise Conflict(OWNS_IT)
    if not task_list.members.filter(pk=user_id).exists():
        return False
    task_list.members.remove(user_id)
    task_list.save(update_fields=["updated_at"])
    record_change(actor, task_list, ["members"])
    unassign_outsiders(task_list=task_list, actor=actor)
    return True


@transaction.atomic
def hand_over(*, task_list: TaskList, to: User) -> None:
    """Make a member the owner of a list, which is locked. The owner becomes a member.

    Raises:
        Conflict: the user has a list of this name.
    """
    before = task_list.owner
    record_change(before, task_list, ["owner"])
    if same_name(TaskList.objects.filter(owner=to), task_list.name).exists():
        raise Conflict(HAS_SUCH_A_LIST)
    task_list.owner = to
    task_list.save(update_fields=["owner", "updated_at"])
    task_list.members.remove(to)
    task_list.members.add(before)
    notify_owner(task_list)


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
    stored = Task.objects.filter(pk__in=old).only("assigned_to_id", "deadline", "repeat")
    before = {task.pk: task for task in stored}
    now = timezone.now()
    for task in tasks:
        task.updated_at = now
        _choose_day(task, before.get(task.pk))
        if task.status == Status.OVERDUE:
            task.status = task.status_at(now)
    Task.objects.bulk_create(task for task in tasks if task.pk not in old)
    Task.objects.bulk_update(old.values(), CHANGEABLE)
    changes = [(task, before[task.pk].assigned_to_id if task.pk in before else None) for task in tasks]
    delivery.send_all([one for task, was in changes for one in messages_of_change(task, was, actor)])


@transaction.atomic
def save_bulk(*, tasks: Collection[Task], names: Mapping[int, Collection[str]], actor: User) -> None:
    """Save tasks as ``save_tasks`` does, and record what was added and changed.

    ``names`` are the fields in which existing tasks differ from the stored ones, by their ids.
    """
    added = [task for task in tasks if not task.pk]
    save_tasks(tasks=tasks, actor=actor)
    record_addition(actor, *added)
    record_changes(actor, {task: names[task.pk] for task in tasks if task.pk in names})


def _choose_day(task: Task, before: Task | None) -> None:
    """Set the day of a monthly series, unless neither its deadline nor its period has changed."""
    if task.repeat != Repeat.MONTHLY or task.deadline is None:
        task.repeat_day = None
    elif task.repeat_day is None or (
        before and (before.deadline, before.repeat) != (task.deadline, task.repeat)
    ):
        task.repeat_day = task.deadline.astimezone(UTC).day


@transaction.atomic
def complete_task(*, task: Task, actor: User | None) -> None:
    """Complete a task, which is locked, and notify its assignee and the list's owner.

    A completed task stays as it is. Of a task that repeats the next one is made, once: not again after it
    was reopened.
    """
    if task.status == Status.COMPLETED:
        return
    task.status, task.completed_at = Status.COMPLETED, timezone.now()
    successor = _successor_of(task, task.completed_at)
    task.repeated = task.repeated or successor is not None
    task.save(update_fields=["status", "completed_at", "repeated", "updated_at"])
    _record_status(task, actor)
    delivery.send_all(list(messages_of_completion(task, actor)))
    if successor:
        save_tasks(tasks=[successor], actor=actor)


def _successor_of(task: Task, now: datetime) -> Task | None:
    """Return the next task of a series, not saved; None if the task does not repeat, or has one."""
    if not task.repeat or task.repeated or task.deadline is None:
        return None
    deadline = next_deadline(task.deadline, task.repeat, task.repeat_day or task.deadline.day, now)
    if deadline is None:
        return None
    may_have = task.assigned_to_id and task.assigned_to_id in active_team_of(task.task_list)
    return Task(
        task_list=task.task_list,
        name=task.name,
        description=task.description,
        assigned_to_id=task.assigned_to_id if may_have else None,
        deadline=deadline,
        repeat=task.repeat,
        repeat_day=task.repeat_day,
    )


@transaction.atomic
def reopen_task(*, task: Task, actor: User) -> None:
    """Make a completed task, which is locked, pending again. Others stay as they are.

    Messages that its completion made obsolete are sent after all.
    """
    if task.status == Status.COMPLETED:
        task.status, task.completed_at = Status.PENDING, None
        task.save(update_fields=["status", "completed_at", "updated_at"])
        _record_status(task, actor)
        delivery.send_all(list(unsent_messages_of_assignment(task)))


def start_task(*, task: Task, now: datetime, actor: User) -> None:
    """Put a pending task, which is locked, in progress. One that is overdue stays so.

    Raises:
        Conflict: it is completed.
    """
    if task.status == Status.COMPLETED:
        raise Conflict(NOT_STARTED_AGAIN)
    if task.status_at(now) == Status.PENDING:
        task.status = Status.IN_PROGRESS
        task.save(update_fields=["status", "updated_at"])
        _record_status(task, actor)


def _record_status(task: Task, actor: User | None) -> None:
    if actor:
        record_change(actor, task, ["status"])
