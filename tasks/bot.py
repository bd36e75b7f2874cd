"""What the Telegram bot does with tasks, by the actions and rights of the API."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.db.models import F
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from api.fields import MAX_ID
from messaging.telegram.client import count_characters
from messaging.telegram.commands import command
from tasks.actions import complete_task
from tasks.models import OPEN, Status, Task
from tasks.notifications import describe
from tasks.permissions import may_complete
from tasks.selectors import lists_of, tasks_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MAX_LINES = 20
MAX_CHARACTERS = 3_500  # of the lines: a message has at most 4,096
NUMBER = re.compile(r"#?([0-9]{1,19})\.?")


@command("tasks", _("your open tasks"))
def list_tasks(user: User, words: str) -> str:  # noqa: ARG001
    """Return the open tasks that are assigned to the user, the most urgent first."""
    tasks = tasks_of(user).filter(OPEN, assigned_to=user).select_related("task_list")
    lines: list[str] = []
    length = 0
    for task in tasks.order_by(F("deadline").asc(nulls_last=True), "pk")[:MAX_LINES]:
        line = f"{task.pk}. {describe(task)}"
        length += count_characters(line) + 1
        if length > MAX_CHARACTERS:
            break
        lines.append(line)
    if not lines:
        return gettext("You have no open tasks.")
    if (more := tasks.count() - len(lines)) > 0:
        lines.append(gettext("… and %(number)d more") % {"number": more})
    return "\n".join([*lines, "", gettext("To complete one: /done and its number.")])


@command("done", _("complete a task: /done and its number"))
def complete(user: User, words: str) -> str:
    """Complete a task, and return what became of it."""
    number = NUMBER.fullmatch(words)
    if number is None or not 1 <= int(number[1]) <= MAX_ID:
        return gettext("Which one? Write /done and the number of a task, as /tasks shows it.")
    task = _lock_task(user, int(number[1]))
    if task is None:
        return gettext("There is no such task.")
    if not may_complete(user, task):
        return gettext("Only the assignee and the owner of the list may do this.")
    if task.status == Status.COMPLETED:
        return gettext("Completed already: %(name)s") % {"name": task.name}
    complete_task(task=task, actor=user)
    return gettext("Completed: %(name)s") % {"name": task.name}


def _lock_task(user: User, pk: int) -> Task | None:
    """Return a task that the user sees, locked after its list, as everywhere."""
    lists = lists_of(user).filter(tasks=pk).select_for_update(of=("self",), no_key=True)
    if lists.first() is None:
        return None
    tasks = tasks_of(user).select_related("task_list").select_for_update(of=("self",), no_key=True)
    return tasks.filter(pk=pk).first()
