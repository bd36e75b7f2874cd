"""Permissions: the owner may do everything, members read and create, the assignee starts and completes.

Everyone else, staff included, gets 404. Staff have the admin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.permissions import SAFE_METHODS, IsAuthenticated

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User
    from rest_framework.request import Request

    from tasks.models import Task, TaskList

NO_LIST = "There is no such list."
NO_MEMBER = "There is no such member."
NO_TASK = "There is no such task."
OWNER_ONLY = "Only the owner of the list may do this."
ASSIGNEE_ONLY = "Only the assignee and the owner of the list may do this."


def may_complete(user: User | AnonymousUser, task: Task) -> bool:
    """Return whether a user may start and complete a task of a list that the user sees."""
    return user.pk in {task.assigned_to_id, task.task_list.owner_id}


class TaskListPermission(IsAuthenticated):
    """Members read the list, create tasks in it and leave it; the rest is for its owner."""

    message = None

    def has_object_permission(self, request: Request, view: Any, obj: TaskList) -> bool:
        if request.method in SAFE_METHODS or view.action == "create_task" or obj.owner_id == request.user.pk:
            return True
        if view.action == "remove_member" and view.kwargs["user_id"] == request.user.pk:
            return True
        self.message = OWNER_ONLY
        return False


class TaskPermission(IsAuthenticated):
    """Members read tasks, the assignee starts and completes them; the rest is for the list's owner."""

    message = None

    def has_object_permission(self, request: Request, view: Any, obj: Task) -> bool:
        for_assignee = view.action in {"start", "complete"}
        if request.method in SAFE_METHODS or obj.task_list.owner_id == request.user.pk:
            return True
        if for_assignee and may_complete(request.user, obj):
            return True
        self.message = ASSIGNEE_ONLY if for_assignee else OWNER_ONLY
        return False
