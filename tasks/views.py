"""Task lists and tasks over HTTP."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import prefetch_related_objects
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.serializers import PersonSerializer
from api.http_cache import json_etag
from api.pagination import PageQuery
from api.serializers import refuse_body
from api.viewsets import (
    DestroyModelMixin,
    GenericViewSet,
    ModelViewSet,
    RetrieveModelMixin,
    UpdateModelMixin,
)
from core.history import record_addition
from core.users import current_user
from tasks import actions, schema
from tasks.bulk import Bulk
from tasks.filters import ListTasksQuery, TaskListQuery, TaskQuery
from tasks.models import Task, TaskList
from tasks.pagination import DeepPagination
from tasks.permissions import NO_LIST, NO_MEMBER, NO_TASK, TaskListPermission, TaskPermission
from tasks.selectors import filter_lists, filter_tasks, lists_of, tasks_of, tasks_of_many
from tasks.serializers import (
    MemberSerializer,
    OwnerSerializer,
    TaskBulkResponseSerializer,
    TaskBulkSerializer,
    TaskListSerializer,
    TaskSerializer,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from django.db.models import QuerySet
    from django.http import HttpResponse
    from rest_framework.request import Request


class AtOneMoment:
    """A mixin for views of tasks: one moment for all that a request says of deadlines."""

    not_found: str

    @cached_property
    def now(self) -> datetime:
        """Return the moment of the request."""
        return timezone.now()

    def get_serializer_context(self) -> dict[str, Any]:
        view: Any = super()
        return {**view.get_serializer_context(), "now": self.now}

    def get_object(self) -> Any:
        """Return the row of the address.

        Raises:
            Http404: there is none that the user may see.
        """
        view: Any = super()
        try:
            return view.get_object()
        except Http404:
            raise Http404(self.not_found) from None


@schema.TASK_LISTS
class TaskListViewSet(AtOneMoment, ModelViewSet[TaskList]):
    serializer_class = TaskListSerializer
    permission_classes = [TaskListPermission]
    query_serializers = {"list": TaskListQuery, "tasks": ListTasksQuery, "members": PageQuery}
    queryset = TaskList.objects.none()
    lookup_value_converter = "int"
    not_found = NO_LIST

    def get_queryset(self) -> QuerySet[TaskList]:
        lists = lists_of(current_user(self.request))
        with_team = self.action not in {"tasks", "create_task", "members"}
        return lists.select_related("owner").prefetch_related("members") if with_team else lists

    def filter_queryset(self, queryset: QuerySet[TaskList, Any]) -> QuerySet[TaskList, Any]:
        found = super().filter_queryset(queryset)
        return filter_lists(found, self.query) if self.action == "list" else found

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "owner": self.request.user.pk}

    def perform_create(self, serializer: Any) -> None:
        task_list = TaskList(owner=current_user(self.request))
        serializer.instance = self._save(task_list, serializer)

    def perform_update(self, serializer: Any) -> None:
        self._save(serializer.instance, serializer)

    def _save(self, task_list: TaskList, serializer: Any) -> TaskList:
        values = serializer.validated_data
        task_list.name = values.get("name", task_list.name)
        actions.save_list(
            task_list=task_list, members=values.get("members"), actor=current_user(self.request)
        )
        return task_list

    @action(detail=True, serializer_class=TaskSerializer, pagination_class=DeepPagination)
    def tasks(self, request: Request, pk: int) -> Response:  # noqa: ARG002
        tasks = self.get_object().tasks.select_related("task_list", "assigned_to")
        rows = filter_tasks(tasks, self.query, self.now)
        page = self.paginate_queryset(rows)  # type: ignore[arg-type]  # not the view's model
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @tasks.mapping.post
    @schema.CREATE_TASK
    @transaction.atomic
    def create_task(self, request: Request, pk: int) -> Response:  # noqa: ARG002
        self.locking = True  # its team and names stay as they are
        task_list = self.get_object()
        context = {**self.get_serializer_context(), "task_list": task_list}
        serializer = TaskSerializer(data=request.data, context=context)
        serializer.is_valid(raise_exception=True)
        task = Task(task_list=task_list, **serializer.validated_data)
        actions.save_tasks(tasks=[task], actor=current_user(request))
        record_addition(request.user, task)
        data = dict(TaskSerializer(task, context=context).data)
        headers = {"Location": reverse("task", args=[task.pk]), "ETag": json_etag(data)}
        return Response(data, status=status.HTTP_201_CREATED, headers=headers)

    @action(detail=True, serializer_class=PersonSerializer)
    def members(self, request: Request, pk: int) -> Response:  # noqa: ARG002
        rows = self.get_object().members.order_by("username")
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @members.mapping.post
    @schema.ADD_MEMBER
    @transaction.atomic
    def add_member(self, request: Request, pk: int) -> Response:  # noqa: ARG002
        task_list = self.get_object()
        serializer = MemberSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        user = serializer.validated_data["user"]
        is_new = actions.add_member(task_list=task_list, user=user, actor=current_user(request))
        self.reload(task_list)
        created = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return Response(PersonSerializer(user).data, status=created)

    @action(detail=True, methods=["delete"], url_path="members/<int:user_id>", url_name="member")
    @transaction.atomic
    def remove_member(self, request: Request, pk: int, user_id: int) -> Response:  # noqa: ARG002
        task_list, actor = self.get_object(), current_user(request)
        if not actions.remove_member(task_list=task_list, user_id=user_id, actor=actor):
            raise Http404(NO_MEMBER)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @action(detail=True, methods=["post"])
    @transaction.atomic
    def owner(self, request: Request, pk: int) -> HttpResponse:  # noqa: ARG002
        task_list = self.lock_object()
        serializer = OwnerSerializer(data=request.data, context={"task_list": task_list})
        serializer.is_valid(raise_exception=True)
        actions.hand_over(task_list=task_list, to=serializer.validated_data["user"])
        return self.respond(self.reload(task_list))


@schema.TASKS
class TaskViewSet(
    AtOneMoment,
    RetrieveModelMixin,
    UpdateModelMixin,
    DestroyModelMixin,
    mixins.ListModelMixin,
    GenericViewSet[Task],
):
    serializer_class = TaskSerializer
    permission_classes = [TaskPermission]
    pagination_class = DeepPagination
    query_serializers = {"list": TaskQuery}
    queryset = Task.objects.none()
    lookup_value_converter = "int"
    not_found = NO_TASK

    def get_queryset(self) -> QuerySet[Task]:
        user = current_user(self.request)
        tasks = tasks_of(user) if self.detail else tasks_of_many(user)
        return tasks.select_related("task_list", "assigned_to")

    def filter_queryset(self, queryset: QuerySet[Task, Any]) -> QuerySet[Task, Any]:
        found = super().filter_queryset(queryset)
        return filter_tasks(found, self.query, self.now) if self.action == "list" else found

    def lock_object(self) -> Task:
        """Return the task, locked after its list: everywhere in this order, so there is no deadlock."""
        lists = lists_of(current_user(self.request)).filter(tasks=self.kwargs["pk"])
        if lists.select_for_update(of=("self",), no_key=True).first() is None:
            raise Http404(NO_TASK)
        return super().lock_object()

    def perform_update(self, serializer: Any) -> None:
        task = serializer.instance
        for name, value in serializer.validated_data.items():
            setattr(task, name, value)
        actions.save_tasks(tasks=[task], actor=current_user(self.request))

    @action(detail=True, methods=["post"])
    def start(self, request: Request, pk: int) -> HttpResponse:  # noqa: ARG002
        actor = current_user(request)
        return self._change(lambda task: actions.start_task(task=task, now=self.now, actor=actor))

    @action(detail=True, methods=["post"])
    def complete(self, request: Request, pk: int) -> HttpResponse:  # noqa: ARG002
        return self._change(lambda task: actions.complete_task(task=task, actor=current_user(request)))

    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: int) -> HttpResponse:  # noqa: ARG002
        return self._change(lambda task: actions.reopen_task(task=task, actor=current_user(request)))

    @transaction.atomic
    def _change(self, change: Callable[[Task], None]) -> HttpResponse:
        task = self.lock_object()
        refuse_body(self.request)
        change(task)
        return self.respond(task)

    @action(detail=False, methods=["post"])
    @transaction.atomic
    def bulk(self, request: Request) -> Response:
        serializer = TaskBulkSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        many = Bulk(serializer.validated_data["tasks"], current_user(request))
        tasks = many.build()
        actions.save_bulk(tasks=many.changed, names=many.names, actor=many.user)
        prefetch_related_objects(tasks, "assigned_to")  # the names, by one query
        return Response(
            TaskBulkResponseSerializer({"tasks": tasks}, context=self.get_serializer_context()).data
        )
