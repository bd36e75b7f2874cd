"""Which messages users get about tasks (messaging/delivery.py sends them), and their words.

A message is about one task, but all tasks of a user that become overdue together share one. ``event_at``
is the moment of the event: of the assignment, of the completion, of marking overdue, or the deadline
ahead. A deadline that is moved is another event. Messages about deadlines are recorded by
tasks/deadlines.py.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from messaging import delivery
from messaging.composers import Content, composer
from messaging.models import OutgoingMessage
from tasks.models import RUNNING_STATUSES, Status, Task, TaskList
from tasks.selectors import overdue_together

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.contrib.auth.models import User
    from django.db.models import QuerySet

State = OutgoingMessage.State
MAX_TASKS_NAMED = 20


class Kind(StrEnum):
    ASSIGNED = "tasks.assigned"
    UNASSIGNED = "tasks.unassigned"
    COMPLETED = "tasks.completed"
    DAY_BEFORE = "tasks.day_before"
    HOUR_BEFORE = "tasks.hour_before"
    OVERDUE = "tasks.overdue"
    OWNER = "tasks.owner"


ASSIGNMENT = (Kind.ASSIGNED, Kind.UNASSIGNED)
SUBJECTS = {
    Kind.ASSIGNED: _("A task for you: %(name)s"),
    Kind.UNASSIGNED: _("No longer your task: %(name)s"),
    Kind.COMPLETED: _("Completed: %(name)s"),
    Kind.DAY_BEFORE: _("Due within 24 hours: %(name)s"),
    Kind.HOUR_BEFORE: _("Due within an hour: %(name)s"),
}


def messages_of_change(task: Task, before: int | None, actor: User | None) -> Iterator[OutgoingMessage]:
    """Yield those for the new assignee and for the one ``before``, unless they are the actor.

    Those of a completed task become obsolete when they are sent, and are revived if it is reopened.
    """
    after = task.assigned_to_id
    if after == before:
        return
    for recipient, kind in ((after, Kind.ASSIGNED), (before, Kind.UNASSIGNED)):
        if recipient and not (actor and recipient == actor.pk):
            yield _message(task, recipient, kind, task.updated_at)


def messages_of_completion(task: Task, actor: User | None) -> Iterator[OutgoingMessage]:
    """Yield those for the list's owner and the assignee, unless they are the actor."""
    event_at = task.completed_at or task.updated_at
    for recipient in {task.task_list.owner_id, task.assigned_to_id}:
        if recipient and not (actor and recipient == actor.pk):
            yield _message(task, recipient, Kind.COMPLETED, event_at)


def notify_owner(task_list: TaskList) -> None:
    """Notify the new owner of a list."""
    delivery.send(
        user=task_list.owner,
        kind=Kind.OWNER,
        payload={"list": task_list.pk},
        dedupe_key=f"{Kind.OWNER}:{task_list.pk}:{task_list.owner_id}:{iso(task_list.updated_at)}",
    )


def unsent_messages_of_assignment(task: Task) -> Iterator[OutgoingMessage]:
    """Yield copies of those that hold now and were not sent: recorded again, they are sent after all.

    Reminders are revived where they are recorded (tasks/deadlines.py), and each completion and each
    marking as overdue is an event of its own.
    """
    latest = _messages_of_assignment(task.pk).order_by("user_id", "-pk").distinct("user_id")
    for one in latest:
        if one.state in {State.PENDING, State.OBSOLETE} and _is_current(one, task):
            yield OutgoingMessage(
                user_id=one.user_id, kind=one.kind, payload=one.payload, dedupe_key=one.dedupe_key
            )


@composer(Kind.ASSIGNED)
@composer(Kind.UNASSIGNED)
@composer(Kind.COMPLETED)
@composer(Kind.DAY_BEFORE)
@composer(Kind.HOUR_BEFORE)
def compose_about_task(message: OutgoingMessage) -> Content | None:
    """Return what the message says now, or None if it no longer holds."""
    task = Task.objects.select_related("task_list").filter(pk=message.payload["task"]).first()
    if task is None or not _is_current(message, task) or _is_superseded(message):
        return None
    return Content(SUBJECTS[Kind(message.kind)] % {"name": task.name}, describe(task))


@composer(Kind.OVERDUE)
def compose_overdue(message: OutgoingMessage) -> Content | None:
    """Return one message about all tasks that were marked overdue together and still are; None if none."""
    tasks = overdue_together(message.user, _event_at(message), timezone.now())
    named = list(tasks[: MAX_TASKS_NAMED + 1])
    if not named:
        return None
    if len(named) == 1:
        return Content(gettext("Overdue: %(name)s") % {"name": named[0].name}, describe(named[0]))
    count = tasks.count()
    lines = [describe(task) for task in named[:MAX_TASKS_NAMED]]
    if count > MAX_TASKS_NAMED:
        lines.append(gettext("… and %(number)d more") % {"number": count - MAX_TASKS_NAMED})
    subject = ngettext("Overdue: %(number)d task", "Overdue: %(number)d tasks", count) % {"number": count}
    return Content(subject, "\n".join(lines))


@composer(Kind.OWNER)
def compose_owner(message: OutgoingMessage) -> Content | None:
    """Return what the new owner of a list gets, None if the list has another owner by now."""
    task_list = TaskList.objects.filter(pk=message.payload["list"], owner=message.user_id).first()
    if task_list is None:
        return None
    name = {"name": task_list.name}
    return Content(
        gettext("You own the list %(name)s") % name,
        gettext("The list %(name)s was handed over to you.") % name,
    )


def iso(moment: datetime) -> str:
    """Return a moment as in payloads and keys; tasks/deadlines.py has the same in SQL."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _message(task: Task, recipient_id: int, kind: Kind, event_at: datetime) -> OutgoingMessage:
    return OutgoingMessage(
        user_id=recipient_id,
        kind=kind,
        payload={"task": task.pk, "event_at": iso(event_at)},
        dedupe_key=f"{kind}:{task.pk}:{recipient_id}:{iso(event_at)}",
    )


def _messages_of_assignment(task_id: int) -> QuerySet[OutgoingMessage]:
    """Return them by the beginning of their keys, which is indexed, unlike the payload."""
    keys = Q()
    for kind in ASSIGNMENT:
        keys |= Q(dedupe_key__startswith=f"{kind}:{task_id}:")
    return OutgoingMessage.objects.filter(keys)


def _is_superseded(message: OutgoingMessage) -> bool:
    """Return whether a later assignment of the task to or from the same user says it instead."""
    same = _messages_of_assignment(message.payload["task"]).filter(user=message.user_id)
    return message.kind in ASSIGNMENT and same.filter(pk__gt=message.pk).exists()


def _is_current(message: OutgoingMessage, task: Task) -> bool:
    is_mine, event_at = task.assigned_to_id == message.user_id, _event_at(message)
    match message.kind:
        case Kind.COMPLETED:
            return task.completed_at == event_at
        case Kind.ASSIGNED:
            return is_mine and task.status != Status.COMPLETED
        case Kind.UNASSIGNED:
            return not is_mine and task.status != Status.COMPLETED
    ahead = task.deadline == event_at and event_at > timezone.now()
    return is_mine and ahead and task.status in RUNNING_STATUSES


def _event_at(message: OutgoingMessage) -> datetime:
    return datetime.fromisoformat(message.payload["event_at"])


def describe(task: Task) -> str:
    """Return a task in one line, with its list and its deadline, in the language that is active."""
    line = f"{task.name} ({task.task_list.name})"
    if task.deadline is None:
        return line
    return gettext("%(task)s, due %(moment)s UTC") % {
        "task": line,
        "moment": f"{task.deadline:%Y-%m-%d %H:%M}",
    }
