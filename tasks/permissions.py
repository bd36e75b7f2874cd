"""Permissions: the owner may do everything, members read and create, the assignee starts and completes.

Everyone else, staff included, gets 404. Staff have the admin.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework.permissions import SAFE_METHODS, IsAuthenticated

if TYPE_CHECKING:
    from rest_framework.request import Request

    from tasks.models import Task, TaskList

NO_LIST = "There is no such list."
NO_TASK = "There is no such task."
OWNER_ONLY = "Only the owner of the list may do this."
ASSIGNEE_ONLY = "Only the assignee and the owner of the list may do this."


class TaskListPermission(IsAuthenticated):
    """Members read the list and create tasks in it; the rest is for its owner."""

    message = None

    def has_object_permission(self, request: Request, view: Any, obj: TaskList) -> bool:
        if request.method in SAFE_METHODS or view.action == "create_task" or obj.owner_id == request.user.pk:
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
        if for_assignee and obj.assigned_to_id == request.user.pk:
            return True
        self.message = ASSIGNEE_ONLY if for_assignee else OWNER_ONLY
        return False
