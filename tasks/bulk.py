"""Many tasks made and changed at once, all or none. What is wrong is told by row, ``tasks.7.name``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.exceptions import ValidationError

from tasks.access import NO_LIST, NO_TASK, OWNER_ONLY
from tasks.models import Task
from tasks.selectors import contexts_of, lists_of, tasks_of
from tasks.serializers import RowKeySerializer, TaskSerializer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.contrib.auth.models import User

    from tasks.models import TaskList

TAKEN_ABOVE = 0  # in place of the id of the task that bears a name: it has none yet
TWICE = "This task is in another row already."


class Bulk:
    """The rows of one request: those with ``id`` change that task, those with ``task_list`` make one.

    Use it in a transaction: it locks the lists, and the tasks that are there already.
    """

    def __init__(self, rows: Sequence[Mapping[str, Any]], user: User) -> None:
        self.rows = rows
        self.user = user
        self.errors: dict[str, Any] = {}
        self.seen: set[int] = set()

    def build(self) -> list[Task]:
        """The tasks as the rows want them, in their order, not saved.

        Raises:
            ValidationError: for all rows at once that are not valid, or not for this user to write.
        """
        self.keys = [self._key(number, row) for number, row in enumerate(self.rows)]
        self._lock()
        built = [self._task(number, row) for number, row in enumerate(self.rows)]
        if self.errors:
            raise ValidationError({"tasks": self.errors})
        return [task for task in built if task is not None]

    def _key(self, number: int, row: Mapping[str, Any]) -> dict[str, int]:
        serializer = RowKeySerializer(data=row)
        if not serializer.is_valid():
            self.errors[str(number)] = serializer.errors
            return {}
        key: dict[str, int] = serializer.validated_data
        return key

    def _lock(self) -> None:
        task_ids = [key["id"] for key in self.keys if "id" in key]
        list_ids = [key["task_list"] for key in self.keys if "task_list" in key]
        list_ids += tasks_of(self.user).filter(pk__in=task_ids).values_list("task_list_id", flat=True)
        lists = lists_of(self.user).filter(pk__in=list_ids).order_by("pk").select_for_update(no_key=True)
        self.lists: dict[int, TaskList] = {task_list.pk: task_list for task_list in lists}
        tasks = Task.objects.filter(pk__in=task_ids, task_list__in=self.lists).order_by("pk")
        self.tasks = {task.pk: task for task in tasks.select_for_update(no_key=True)}
        self.contexts = contexts_of(self.lists.values(), self.rows)

    def _task(self, number: int, row: Mapping[str, Any]) -> Task | None:
        if str(number) in self.errors:
            return None
        task, errors = self._target(**self.keys[number])
        if task is not None and not errors:
            context = self.contexts[task.task_list_id]
            serializer = TaskSerializer(
                task if task.pk else None, row, partial=bool(task.pk), context=context
            )
            if serializer.is_valid():
                return self._built(serializer, task)
            errors = serializer.errors
        self.errors[str(number)] = errors
        return None

    def _target(self, id: int | None = None, task_list: int | None = None) -> tuple[Task | None, Any]:  # noqa: A002
        """The task to be changed or made, and why not."""
        if id is None:
            found = self.lists.get(task_list or 0)
            return (Task(task_list=found), {}) if found else (None, {"task_list": [NO_LIST]})
        task = self.tasks.get(id)
        if task is None:
            return None, {"id": [NO_TASK]}
        task.task_list = self.lists[task.task_list_id]
        if task.task_list.owner_id != self.user.pk:
            return None, {"id": [OWNER_ONLY]}
        if id in self.seen:
            return None, {"id": [TWICE]}
        self.seen.add(id)
        return task, {}

    def _built(self, serializer: TaskSerializer, task: Task) -> Task:
        for name, value in serializer.validated_data.items():
            setattr(task, name, value)
        self.contexts[task.task_list_id]["names"][task.name] = task.pk or TAKEN_ABOVE
        return task
