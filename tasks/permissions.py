"""Who may do what: the owner everything, members read and create, the assignee starts and completes.

For everybody else there is nothing: 404, and so for staff, who have the admin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.http import Http404

from tasks.models import Task, TaskList
from tasks.selectors import lists_of, tasks_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User

NO_LIST = "There is no such list."
NO_TASK = "There is no such task."
OWNER_ONLY = "Only the owner of the list may do this."
ASSIGNEE_ONLY = "Only the assignee and the owner of the list may do this."


def find_list(*, pk: int, user: User, lock: bool = False) -> TaskList:
    """The list; with ``lock``, locked against other writers until the transaction ends.

    Raises:
        Http404: there is none for this user.
    """
    lists = lists_of(user).filter(pk=pk)
    found = (lists.select_for_update(no_key=True) if lock else lists).first()
    if found is None:
        raise Http404(NO_LIST)
    return found


def find_task(*, pk: int, user: User, lock: bool = False) -> Task:
    """The task with its list; with ``lock``, the task locked.

    Raises:
        Http404: there is none for this user.
    """
    tasks = tasks_of(user).filter(pk=pk).select_related("task_list")
    found = (tasks.select_for_update(of=["self"], no_key=True) if lock else tasks).first()
    if found is None:
        raise Http404(NO_TASK)
    return found


def lock_task_and_list(*, pk: int, user: User) -> Task:
    """The task with its list, both locked: the list first, as everywhere, so that nobody deadlocks.

    Raises:
        Http404: there is none for this user.
    """
    lists = lists_of(user).filter(tasks=pk).select_for_update(of=["self"], no_key=True)
    if lists.first() is None:
        raise Http404(NO_TASK)
    return find_task(pk=pk, user=user, lock=True)


def require_owner(task_list: TaskList, user: User) -> None:
    """Raise PermissionDenied unless the user owns the list."""
    if task_list.owner_id != user.pk:
        raise PermissionDenied(OWNER_ONLY)


def require_owner_or_assignee(task: Task, user: User) -> None:
    """Raise PermissionDenied unless the user owns the task's list or is to do the task."""
    if user.pk not in {task.task_list.owner_id, task.assigned_to_id}:
        raise PermissionDenied(ASSIGNEE_ONLY)
