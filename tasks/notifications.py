"""Who is notified of what, and in which words."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.utils import timezone

from tasks.models import RUNNING_STATUSES, Notification, Status, Task
from tasks.selectors import overdue_together

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from django.contrib.auth.models import User

Kind = Notification.Kind
State = Notification.State
ASSIGNMENT = (Kind.ASSIGNED, Kind.UNASSIGNED)
MAX_TASKS_NAMED = 20


class Message(NamedTuple):
    subject: str
    text: str


def notifications_of_change(task: Task, before: int | None, actor: User | None) -> Iterator[Notification]:
    """Yield those for the new assignee and for the one ``before``, unless they are the actor.

    Those of a completed task become obsolete when they are claimed, and are due again if it is reopened.
    """
    after = task.assigned_to_id
    if after == before:
        return
    for recipient, kind in ((after, Kind.ASSIGNED), (before, Kind.UNASSIGNED)):
        if recipient and not (actor and recipient == actor.pk):
            yield Notification(task=task, recipient_id=recipient, kind=kind, event_at=task.updated_at)


def notifications_of_completion(task: Task, actor: User | None) -> Iterator[Notification]:
    """Yield those for the list's owner and the assignee, unless they are the actor."""
    event_at = task.completed_at or task.updated_at
    for recipient in {task.task_list.owner_id, task.assigned_to_id}:
        if recipient and not (actor and recipient == actor.pk):
            yield Notification(task=task, recipient_id=recipient, kind=Kind.COMPLETED, event_at=event_at)


def revive(task: Task) -> list[int]:
    """Make obsolete notifications of a task's assignment that hold again due; return their ids.

    Reminders are revived where they are made (tasks/deadlines.py), and each completion and each marking
    as overdue is an event of its own.

    The lock waits for a sender that is just finding one obsolete (``delivery.claim``).
    """
    about = task.notifications.filter(kind__in=ASSIGNMENT).order_by("pk").select_for_update(no_key=True)
    latest = {one.recipient_id: one for one in about}
    revived = [one.pk for one in latest.values() if one.state == State.OBSOLETE and _is_current(one, task)]
    if revived:
        now = timezone.now()
        Notification.objects.filter(pk__in=revived).update(state=State.DUE, due_at=now, changed_at=now)
    return revived


def compose(notification: Notification) -> Message | None:
    """Return what the notification says now, or None if it no longer holds."""
    if not notification.recipient.is_active:
        return None
    if notification.task is None:
        return _overdue(notification.recipient, notification.event_at)
    if not _is_current(notification, notification.task) or _is_superseded(notification):
        return None
    return _of_task(notification, notification.task)


def _is_superseded(notification: Notification) -> bool:
    """Return whether a later assignment of the task to or from the same user says it instead."""
    later = Notification.objects.filter(pk__gt=notification.pk, kind__in=ASSIGNMENT)
    same = later.filter(task=notification.task_id, recipient=notification.recipient_id)
    return notification.kind in ASSIGNMENT and same.exists()


def _is_current(notification: Notification, task: Task) -> bool:
    is_mine = task.assigned_to_id == notification.recipient_id
    match notification.kind:
        case Kind.COMPLETED:
            return task.completed_at == notification.event_at
        case Kind.ASSIGNED:
            return is_mine and task.status != Status.COMPLETED
        case Kind.UNASSIGNED:
            return not is_mine and task.status != Status.COMPLETED
    ahead = task.deadline == notification.event_at and notification.event_at > timezone.now()
    return is_mine and ahead and task.status in RUNNING_STATUSES


def _of_task(notification: Notification, task: Task) -> Message:
    subject = {
        Kind.ASSIGNED: "A task for you",
        Kind.UNASSIGNED: "No longer your task",
        Kind.COMPLETED: "Completed",
        Kind.DAY_BEFORE: "Due within 24 hours",
        Kind.HOUR_BEFORE: "Due within an hour",
    }[Kind(notification.kind)]
    return Message(f"{subject}: {task.name}", _line(task))


def _overdue(recipient: User, event_at: datetime) -> Message | None:
    tasks = overdue_together(recipient, event_at, timezone.now())
    named = list(tasks[: MAX_TASKS_NAMED + 1])
    if not named:
        return None
    if len(named) == 1:
        return Message(f"Overdue: {named[0].name}", _line(named[0]))
    count = tasks.count()
    lines = [_line(task) for task in named[:MAX_TASKS_NAMED]]
    if count > MAX_TASKS_NAMED:
        lines.append(f"… and {count - MAX_TASKS_NAMED} more")
    return Message(f"Overdue: {count} tasks", "\n".join(lines))


def _line(task: Task) -> str:
    due = f", due {task.deadline:%Y-%m-%d %H:%M} UTC" if task.deadline else ""
    return f"{task.name} ({task.task_list.name}){due}"
