"""Many tasks created and changed at once, all or none. Errors name the row: ``tasks.7.name``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.exceptions import ValidationError

from core.names import name_key
from tasks.models import Task
from tasks.permissions import NO_LIST, NO_TASK, OWNER_ONLY
from tasks.rules import broken_rules
from tasks.selectors import lists_of, tasks_of, team_facts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.contrib.auth.models import User

    from tasks.models import TaskList

    Row = Mapping[str, Any]  # as BulkRowSerializer validates it

NEW_TASK_ID = 0  # in place of the id of a new task that has a name
TWICE = "This task is in another row already."


class Bulk:
    """The rows of one request. Use it in a transaction: it locks the lists and the existing tasks.

    Attributes:
        changed: the tasks that are new or differ from the stored ones, after ``build``.
        names: the fields in which existing ones differ, by the tasks' ids.
    """

    def __init__(self, rows: Sequence[Row], user: User) -> None:
        self.rows = rows
        self.user = user
        self.changed: list[Task] = []
        self.names: dict[int, list[str]] = {}
        self.seen: set[int] = set()

    def build(self) -> list[Task]:
        """Return the tasks as the rows describe them, in their order, not saved.

        Raises:
            ValidationError: for all rows at once that the user may not write or that break a rule.
        """
        self._lock()
        tasks: list[Task] = []
        errors: dict[str, Any] = {}
        for number, row in enumerate(self.rows):
            try:
                tasks.append(self._task(row))
            except ValidationError as error:
                errors[str(number)] = error.detail
        if errors:
            raise ValidationError({"tasks": errors})
        return tasks

    def _lock(self) -> None:
        task_ids = [row["id"] for row in self.rows if "id" in row]
        list_ids = [row["task_list"] for row in self.rows if "task_list" in row]
        list_ids += tasks_of(self.user).filter(pk__in=task_ids).values_list("task_list_id", flat=True)
        lists = lists_of(self.user).filter(pk__in=list_ids).order_by("pk").select_for_update(no_key=True)
        self.lists: dict[int, TaskList] = {task_list.pk: task_list for task_list in lists}
        tasks = Task.objects.filter(pk__in=task_ids, task_list__in=self.lists).order_by("pk")
        self.tasks = {task.pk: task for task in tasks.select_for_update(no_key=True)}
        self.facts = team_facts(self.lists.values(), [row["name"] for row in self.rows if "name" in row])

    def _task(self, row: Row) -> Task:
        task = self._existing(row["id"]) if "id" in row else self._new(row["task_list"])
        values = {name: value for name, value in row.items() if name not in {"id", "task_list"}}
        facts = self.facts[task.task_list_id]
        if errors := broken_rules(task, values, facts):
            raise ValidationError(errors)
        names = [name for name, value in values.items() if getattr(task, name) != value]
        if names or not task.pk:
            self.changed.append(task)
        if names and task.pk:
            self.names[task.pk] = names
        for name, value in values.items():
            setattr(task, name, value)
        if not task.repeated:
            facts.names[name_key(task.name)] = task.pk or NEW_TASK_ID
        return task

    def _new(self, list_id: int) -> Task:
        if list_id not in self.lists:
            raise ValidationError({"task_list": NO_LIST})
        return Task(task_list=self.lists[list_id])

    def _existing(self, pk: int) -> Task:
        task = self.tasks.get(pk)
        if task is None:
            raise ValidationError({"id": NO_TASK})
        task.task_list = self.lists[task.task_list_id]
        if task.task_list.owner_id != self.user.pk:
            raise ValidationError({"id": OWNER_ONLY})
        if pk in self.seen:
            raise ValidationError({"id": TWICE})
        self.seen.add(pk)
        return task
