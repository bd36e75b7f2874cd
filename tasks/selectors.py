"""Reads: which lists and tasks there are for a user, narrowed and ordered. No list is for outsiders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

from django.db.models import F, Q
from django.utils import timezone

from tasks.models import OPEN, Status, Task, TaskList

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from django.contrib.auth.models import User
    from django.db.models import OrderBy, QuerySet

ORDER_FIELDS = ("id", "name", "deadline", "created_at", "updated_at")
ORDERS = tuple(sign + field for field in ORDER_FIELDS for sign in ("", "-"))
DEFAULT_ORDER = "-id"


def lists_of(user: User) -> QuerySet[TaskList]:
    """The lists that the user owns or is a member of."""
    shared = TaskList.members.through.objects.filter(user=user).values("tasklist")
    return TaskList.objects.filter(Q(owner=user) | Q(pk__in=shared))


def tasks_of(user: User) -> QuerySet[Task]:
    """The tasks in the user's lists, which those assigned to the user are among."""
    return Task.objects.filter(task_list__in=lists_of(user).order_by().values("pk"))


def narrow(tasks: QuerySet[Task], filters: dict[str, Any]) -> QuerySet[Task]:
    """The tasks that pass all filters that are given (tasks/views/parameters.py), in their order.

    Tasks without a deadline come last in either direction.
    """
    conditions = {
        "task_list": filters.get("list"),
        "assigned_to": filters["assigned_to"],
        "status": filters["status"],
        "deadline__gte": filters["deadline_from"],
        "deadline__lte": filters["deadline_to"],
    }
    tasks = tasks.filter(**{name: value for name, value in conditions.items() if value is not None})
    if filters["overdue"] is not None:
        late = OPEN & Q(deadline__lt=timezone.now())
        tasks = tasks.filter(late if filters["overdue"] == "true" else ~late)
    return tasks.order_by(*_order(filters["order"]))


def _order(order: str) -> tuple[OrderBy, OrderBy]:
    field, descending = order.removeprefix("-"), order.startswith("-")
    tie = F("pk").desc() if descending else F("pk").asc()
    if descending:
        return F(field).desc(nulls_last=True), tie
    return F(field).asc(nulls_last=True), tie


def contexts_of(lists: Collection[TaskList], rows: Iterable[Any]) -> dict[int, dict[str, Any]]:
    """What a TaskSerializer must know to judge rows of input, by list; two queries.

    ``team``: the ids of those to whom its tasks may be assigned. ``names``: which of the names in the
    rows its tasks have already, with the ids of those tasks.
    """
    contexts: dict[int, dict[str, Any]] = {one.pk: {"team": {one.owner_id}, "names": {}} for one in lists}
    memberships = TaskList.members.through.objects.filter(tasklist__in=contexts)
    for pk, member in memberships.values_list("tasklist_id", "user_id"):
        contexts[pk]["team"].add(member)
    asked = {name.strip() for row in rows if _may_be_name(name := row.get("name"))}
    same = Task.objects.filter(task_list__in=contexts, name__in=asked)
    for pk, name, bearer in same.values_list("task_list_id", "name", "pk"):
        contexts[pk]["names"][name] = bearer
    return contexts


def _may_be_name(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and "\0" not in value


def overdue_together(user: User, occasion: Any) -> QuerySet[Task]:
    """The user's tasks that turned overdue at one occasion and still are, longest overdue first."""
    late = Task.objects.filter(assigned_to=user, status=Status.OVERDUE, overdue_at=occasion)
    return late.select_related("task_list").order_by("deadline", "pk")
