"""Many tasks made and changed at once, all or none. What is wrong is told by row, ``tasks.7.name``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from rest_framework.exceptions import ValidationError

from tasks.models import Task
from tasks.permissions import NO_LIST, NO_TASK, OWNER_ONLY
from tasks.selectors import contexts_of, lists_of, tasks_of
from tasks.serializers import RowKeySerializer, TaskSerializer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from django.contrib.auth.models import User

    from tasks.models import TaskList

    Row = Mapping[str, Any]
    Key = dict[str, int]  # of one item: "id" or "task_list"

Made = TypeVar("Made")
TAKEN_ABOVE = 0  # in place of the id of the task that bears a name: it has none yet
TWICE = "This task is in another row already."


class Bulk:
    """The rows of one request: those with ``id`` change that task, those with ``task_list`` make one.

    Use it in a transaction: it locks the lists, and the tasks that are there already.
    """

    def __init__(self, rows: Sequence[Row], user: User) -> None:
        self.rows = rows
        self.user = user
        self.errors: dict[str, Any] = {}
        self.changed: set[int] = set()

    def build(self) -> list[Task]:
        """The tasks as the rows want them, in their order, not saved.

        Raises:
            ValidationError: for all rows at once that are not valid, or not for this user to write.
        """
        keys = self._of_each_row(_key, self.rows)
        self._lock(list(filter(None, keys)))
        tasks = self._of_each_row(self._task, self.rows, keys)
        if self.errors:
            raise ValidationError({"tasks": self.errors})
        return list(filter(None, tasks))

    def _of_each_row(self, make: Callable[..., Made | None], *columns: Iterable[Any]) -> list[Made | None]:
        """What ``make`` makes of each row; of one that it refuses, None and an error."""
        made: list[Made | None] = []
        for number, values in enumerate(zip(*columns, strict=True)):
            try:
                made.append(make(*values))
            except ValidationError as error:
                self.errors[str(number)] = error.detail
                made.append(None)
        return made

    def _lock(self, keys: list[Key]) -> None:
        task_ids = [key["id"] for key in keys if "id" in key]
        list_ids = [key["task_list"] for key in keys if "task_list" in key]
        list_ids += tasks_of(self.user).filter(pk__in=task_ids).values_list("task_list_id", flat=True)
        lists = lists_of(self.user).filter(pk__in=list_ids).order_by("pk").select_for_update(no_key=True)
        self.lists: dict[int, TaskList] = {task_list.pk: task_list for task_list in lists}
        tasks = Task.objects.filter(pk__in=task_ids, task_list__in=self.lists).order_by("pk")
        self.tasks = {task.pk: task for task in tasks.select_for_update(no_key=True)}
        self.contexts = contexts_of(self.lists.values(), self.rows)

    def _task(self, row: Row, key: Key | None) -> Task | None:
        if key is None:
            return None
        task = self._mine(key["id"]) if "id" in key else self._new(key["task_list"])
        context = self.contexts[task.task_list_id]
        serializer = TaskSerializer(task if task.pk else None, row, partial=bool(task.pk), context=context)
        serializer.is_valid(raise_exception=True)
        for name, value in serializer.validated_data.items():
            setattr(task, name, value)
        context["names"][task.name] = task.pk or TAKEN_ABOVE
        return task

    def _new(self, list_id: int) -> Task:
        if list_id not in self.lists:
            raise ValidationError({"task_list": NO_LIST})
        return Task(task_list=self.lists[list_id])

    def _mine(self, pk: int) -> Task:
        task = self.tasks.get(pk)
        if task is None:
            raise ValidationError({"id": NO_TASK})
        task.task_list = self.lists[task.task_list_id]
        if task.task_list.owner_id != self.user.pk:
            raise ValidationError({"id": OWNER_ONLY})
        if pk in self.changed:
            raise ValidationError({"id": TWICE})
        self.changed.add(pk)
        return task


def _key(row: Row) -> Key:
    serializer = RowKeySerializer(data=row)
    serializer.is_valid(raise_exception=True)
    key: Key = serializer.validated_data
    return key
