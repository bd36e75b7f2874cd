"""What the API's description says of task lists and tasks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view

from accounts.serializers import PersonSerializer
from api.openapi.schema import IF_MATCH
from tasks.serializers import (
    MemberSerializer,
    TaskBulkResponseSerializer,
    TaskBulkSerializer,
    TaskListSerializer,
    TaskSerializer,
)

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
ETAG = "The response's `ETag` is for `If-Match`."


def _operation(summary: str, description: str = "", **more: Any) -> Callable[[Decorated], Decorated]:
    return extend_schema(summary=summary, description=description or f"{summary}.", **more)


def _write(summary: str, description: str = "", **more: Any) -> Callable[[Decorated], Decorated]:
    return _operation(summary, description, parameters=[IF_MATCH], **more)


TASK_LISTS = extend_schema_view(
    list=_operation("List your task lists", "The lists that you own or are a member of."),
    create=_operation("Create a task list", "You own the list, and may name its members."),
    retrieve=_operation("Get a task list", f"For its owner and its members. {ETAG}"),
    update=_write("Replace a task list", "For its owner. Members who leave it keep no task in it."),
    partial_update=_write("Change a task list", "For its owner. Members who leave it keep no task in it."),
    destroy=_write("Delete a task list", "For its owner. Its tasks are deleted, too."),
    tasks=_operation(
        "List the tasks of a list",
        "For the list's owner and its members.",
        responses=TaskSerializer(many=True),
    ),
    members=_operation(
        "List the members of a list",
        "For the list's owner and its members.",
        responses=PersonSerializer(many=True),
    ),
    remove_member=_operation(
        "Remove a member, or leave",
        "The owner removes any member, a member only themselves. Their tasks are unassigned.",
        parameters=[OpenApiParameter("user_id", int, "path", description="The id of the member.")],
        responses={204: OpenApiResponse(description="No member any more.")},
    ),
    owner=_write(
        "Hand the list over",
        "For the list's owner, who becomes a member. The next owner is one of the members.",
        operation_id="lists_hand_over",
        request=MemberSerializer,
        responses=TaskListSerializer,
    ),
)
ADD_MEMBER = _operation(
    "Add a member",
    "For the list's owner. Adding a member again changes nothing (200).",
    request=MemberSerializer,
    responses={
        201: PersonSerializer,
        200: OpenApiResponse(PersonSerializer, description="Was a member already."),
    },
)
CREATE_TASK = _operation(
    "Create a task",
    "For the list's owner and its members.",
    request=TaskSerializer,
    responses={201: TaskSerializer},
)
TASKS = extend_schema_view(
    list=_operation("List your tasks", "The tasks in all lists that you own or are a member of."),
    retrieve=_operation("Get a task", f"For the owner and the members of its list. {ETAG}"),
    update=_write("Replace a task", "For the owner of its list. The status is changed by actions only."),
    partial_update=_write(
        "Change a task", "For the owner of its list. The status is changed by actions only."
    ),
    destroy=_write("Delete a task", "For the owner of its list."),
    start=_write(
        "Start a task",
        "For the assignee and the list's owner. A pending task becomes in progress; one that is overdue or "
        "in progress stays as it is.",
        request=None,
    ),
    complete=_write(
        "Complete a task",
        "For the assignee and the list's owner. Completing a completed task changes nothing.",
        request=None,
    ),
    reopen=_write(
        "Reopen a task",
        "For the list's owner. A completed task becomes pending; others stay as they are.",
        request=None,
    ),
    bulk=_operation(
        "Create and change up to 100 tasks",
        "All rows are written, or none. Errors name the row: `tasks.7.name`.",
        request=TaskBulkSerializer,
        responses=TaskBulkResponseSerializer,
    ),
)
