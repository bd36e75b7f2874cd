"""Who is told what, and in which words."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.utils import timezone

from tasks.models import RUNNING_STATUSES, Notice, Status, Task
from tasks.selectors import overdue_together

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from django.contrib.auth.models import User

Kind = Notice.Kind
MOST_TASKS_NAMED = 20


class Message(NamedTuple):
    subject: str
    text: str


def notices_of_change(task: Task, before: int | None, actor: User | None) -> Iterator[Notice]:
    """For the new assignee and for the one ``before``, unless they are the actor."""
    after = task.assigned_to_id
    if after == before or task.status == Status.COMPLETED:
        return
    for recipient, kind in ((after, Kind.ASSIGNED), (before, Kind.UNASSIGNED)):
        if recipient and not (actor and recipient == actor.pk):
            yield Notice(task=task, recipient_id=recipient, kind=kind, occasion=task.updated_at)


def notices_of_completion(task: Task, actor: User | None) -> Iterator[Notice]:
    """For the list's owner and the assignee, unless they are the actor."""
    occasion = task.completed_at or task.updated_at
    for recipient in {task.task_list.owner_id, task.assigned_to_id}:
        if recipient and not (actor and recipient == actor.pk):
            yield Notice(task=task, recipient_id=recipient, kind=Kind.COMPLETED, occasion=occasion)


def compose(notice: Notice) -> Message | None:
    """What the notice says now, or None if there is nothing to say any more."""
    if not notice.recipient.is_active:
        return None
    if notice.task is None:
        return _overdue(notice.recipient, notice.occasion)
    return _of_task(notice, notice.task) if _is_current(notice, notice.task) else None


def _is_current(notice: Notice, task: Task) -> bool:
    is_mine = task.assigned_to_id == notice.recipient_id
    match notice.kind:
        case Kind.COMPLETED:
            return task.completed_at == notice.occasion
        case Kind.ASSIGNED:
            return is_mine and task.status != Status.COMPLETED
        case Kind.UNASSIGNED:
            return not is_mine and task.status != Status.COMPLETED
    ahead = task.deadline == notice.occasion and notice.occasion > timezone.now()
    return is_mine and ahead and task.status in RUNNING_STATUSES


def _of_task(notice: Notice, task: Task) -> Message:
    subject = {
        Kind.ASSIGNED: "A task for you",
        Kind.UNASSIGNED: "No longer your task",
        Kind.COMPLETED: "Completed",
        Kind.DAY_BEFORE: "Due within 24 hours",
        Kind.HOUR_BEFORE: "Due within an hour",
    }[Kind(notice.kind)]
    return Message(f"{subject}: {task.name}", _line(task))


def _overdue(recipient: User, occasion: datetime) -> Message | None:
    tasks = overdue_together(recipient, occasion)
    named = list(tasks[: MOST_TASKS_NAMED + 1])
    if not named:
        return None
    if len(named) == 1:
        return Message(f"Overdue: {named[0].name}", _line(named[0]))
    count = tasks.count()
    lines = [_line(task) for task in named[:MOST_TASKS_NAMED]]
    if count > MOST_TASKS_NAMED:
        lines.append(f"… and {count - MOST_TASKS_NAMED} more")
    return Message(f"Overdue: {count} tasks", "\n".join(lines))


def _line(task: Task) -> str:
    due = f", due {task.deadline:%Y-%m-%d %H:%M} UTC" if task.deadline else ""
    return f"{task.name} ({task.task_list.name}){due}"
