"""Reads: which lists and tasks a user sees, filtered and ordered. Outsiders see none."""

from __future__ import annotations

from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any, NamedTuple

from django.contrib.auth import get_user_model
from django.db.models import Case, CharField, F, Q, Value, When

from core.names import NameKey, name_key
from tasks.models import OPEN, Status, Task, TaskList

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from datetime import datetime

    from django.contrib.auth.models import User
    from django.db.models import OrderBy, QuerySet

LIST_ORDER_FIELDS = ("id", "name", "created_at", "updated_at")
ORDER_FIELDS = ("id", "name", "deadline", "status", "completed_at", "created_at", "updated_at")
NULLABLE = {"deadline", "completed_at"}


class TeamFacts(NamedTuple):
    """What the input for tasks of one list is checked against.

    Attributes:
        team: ids of the users that its tasks may be assigned to.
        names: ids of its tasks by the keys of their names, for the given names.
    """

    team: set[int]
    names: dict[str, int]


def lists_of(user: User) -> QuerySet[TaskList]:
    """Return the lists that the user owns or is a member of."""
    shared = TaskList.members.through.objects.filter(user=user).values("tasklist")
    return TaskList.objects.filter(Q(owner=user) | Q(pk__in=shared))


def tasks_of(user: User) -> QuerySet[Task]:
    """Return the tasks in the user's lists; those assigned to the user are among them."""
    return Task.objects.filter(task_list__in=lists_of(user).order_by().values("pk"))


def tasks_of_many(user: User) -> QuerySet[Task]:
    """Return the tasks in the user's lists, whose ids are read first.

    With constants PostgreSQL reads the index of the lists; with a subquery it reads all tasks of all users.
    """
    return Task.objects.filter(task_list__in=list(lists_of(user).order_by().values_list("pk", flat=True)))


def overdue(now: datetime) -> Q:
    """Return the condition that a task is open and its deadline has passed."""
    return OPEN & Q(deadline__lt=now)


def status_now(now: datetime) -> Case:
    """Return the expression of a task's status at a moment, as ``Task.status_at`` calculates it."""
    return Case(
        When(completed_at__isnull=False, then=Value(Status.COMPLETED)),
        When(deadline__lt=now, then=Value(Status.OVERDUE)),
        When(status=Status.OVERDUE, then=Value(Status.PENDING)),
        default=F("status"),
        output_field=CharField(),
    )


def with_status(tasks: QuerySet[Task], status: str, now: datetime) -> QuerySet[Task]:
    """Return the tasks that have a status at a moment."""
    if status == Status.OVERDUE:
        return tasks.filter(overdue(now))
    if status == Status.COMPLETED:
        return tasks.filter(completed_at__isnull=False)
    return tasks.alias(status_now=status_now(now)).filter(status_now=status)


def filter_lists(lists: QuerySet[TaskList], filters: dict[str, Any]) -> QuerySet[TaskList]:
    """Return the lists that pass the filters (tasks/filters.py), in their order."""
    lists = lists.filter(_search(filters["search"], _list_has))
    return lists.order_by(*_order(filters["order"]))


def filter_tasks(tasks: QuerySet[Task], filters: dict[str, Any], now: datetime) -> QuerySet[Task]:
    """Return the tasks that pass all filters that are given (tasks/filters.py), in their order.

    Tasks without a deadline come last in either direction.
    """
    conditions = {
        "task_list": filters.get("list"),
        "assigned_to": filters["assigned_to"],
        "deadline__gte": filters["deadline_from"],
        "deadline__lte": filters["deadline_to"],
    }
    tasks = tasks.filter(**{name: value for name, value in conditions.items() if value is not None})
    tasks = tasks.filter(_search(filters["search"], _task_has))
    if filters["status"] is not None:
        tasks = with_status(tasks, filters["status"], now)
    match filters["overdue"]:
        case True:
            tasks = tasks.filter(overdue(now))
        case False:
            tasks = tasks.exclude(overdue(now))
    if filters["order"].removeprefix("-") == "status":
        tasks = tasks.alias(status_now=status_now(now))
    return tasks.order_by(*_order(filters["order"].replace("status", "status_now")))


def _search(text: str | None, has: Callable[[str], Q]) -> Q:
    """Return the condition that a row has each word of the text, as in the admin."""
    return reduce(and_, map(has, (text or "").split()), Q())


def _list_has(word: str) -> Q:
    return Q(name__icontains=word) | Q(owner__username__icontains=word)


def _task_has(word: str) -> Q:
    """Return the condition that the task's name, its list's, or its assignee's username contains a word.

    Lists and users are searched once, and not for each of their tasks, as in a join.
    """
    lists = TaskList.objects.filter(name__icontains=word).order_by().values("pk")
    users = get_user_model().objects.filter(username__icontains=word).order_by().values("pk")
    return Q(name__icontains=word) | Q(task_list__in=lists) | Q(assigned_to__in=users)


def _order(order: str) -> tuple[OrderBy, OrderBy]:
    field, descending = order.removeprefix("-"), order.startswith("-")
    # Only where there are nulls: an index serves ``id DESC``, but not ``id DESC NULLS LAST``.
    nulls_last = field in NULLABLE or None
    tie = F("pk").desc() if descending else F("pk").asc()
    if descending:
        return F(field).desc(nulls_last=nulls_last), tie
    return F(field).asc(nulls_last=nulls_last), tie


def team_facts(lists: Collection[TaskList], names: Iterable[str]) -> dict[int, TeamFacts]:
    """Return what input for tasks with these names is checked against, by list; two queries."""
    facts = {one.pk: TeamFacts(set(), {}) for one in lists}
    members = TaskList.members.through.objects.filter(tasklist__in=facts, user__is_active=True)
    owners = TaskList.objects.filter(pk__in=facts, owner__is_active=True).order_by()
    active = members.values_list("tasklist_id", "user_id").union(
        owners.values_list("pk", "owner_id"), all=True
    )
    for pk, user_id in active:
        facts[pk].team.add(user_id)
    same = Task.objects.filter(task_list__in=facts, repeated=False).alias(key=NameKey("name"))
    same = same.filter(key__in={name_key(name) for name in names}).order_by()
    for pk, key, task_id in same.values_list("task_list_id", NameKey("name"), "pk"):
        facts[pk].names[key] = task_id
    return facts


def overdue_together(user: User, event_at: datetime, now: datetime) -> QuerySet[Task]:
    """Return the user's tasks that were marked overdue together and still are, longest overdue first."""
    late = Task.objects.filter(overdue(now), assigned_to=user, overdue_at=event_at, status=Status.OVERDUE)
    return late.select_related("task_list").order_by("deadline", "pk")
