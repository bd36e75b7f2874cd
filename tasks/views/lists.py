"""Task lists, and the tasks in one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.response import Response
from rest_framework.views import APIView

from api.http_cache import json_etag, json_response, require_match
from api.params import openapi, parse
from core.users import current_user
from tasks import actions
from tasks.models import Task, TaskList
from tasks.permissions import find_list, require_owner
from tasks.selectors import contexts_of, lists_of, narrow
from tasks.serializers import TaskListSerializer, TaskSerializer
from tasks.views.parameters import IF_MATCH, OF_A_LIST

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpResponse
    from rest_framework.request import Request


class Lists(ListAPIView[TaskList]):
    serializer_class = TaskListSerializer
    queryset = TaskList.objects.none()

    def get_queryset(self) -> QuerySet[TaskList]:
        return lists_of(current_user(self.request)).prefetch_related("members").order_by("-id")

    @extend_schema(summary="The lists that the caller owns or is a member of")
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        summary="Make a list, which the caller then owns",
        request=TaskListSerializer,
        responses={201: TaskListSerializer},
    )
    @transaction.atomic
    def post(self, request: Request) -> Response:
        task_list = TaskList(owner=current_user(request))
        return created(_saved(task_list, request), reverse("task-list", args=[task_list.pk]))


class ListDetail(APIView):
    @extend_schema(summary="A list", responses=TaskListSerializer)
    def get(self, request: Request, pk: int) -> HttpResponse:
        return json_response(request, _data(find_list(pk=pk, user=current_user(request))))

    @extend_schema(
        summary="Replace a list",
        parameters=[IF_MATCH],
        request=TaskListSerializer,
        responses=TaskListSerializer,
    )
    def put(self, request: Request, pk: int) -> HttpResponse:
        return self._change(request, pk)

    @extend_schema(
        summary="Change a list; who leaves it keeps no task in it",
        parameters=[IF_MATCH],
        request=TaskListSerializer(partial=True),
        responses=TaskListSerializer,
    )
    def patch(self, request: Request, pk: int) -> HttpResponse:
        return self._change(request, pk, partial=True)

    @extend_schema(summary="Delete a list with its tasks", parameters=[IF_MATCH], responses={204: None})
    @transaction.atomic
    def delete(self, request: Request, pk: int) -> Response:
        _lock_own(request, pk).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)

    @transaction.atomic
    def _change(self, request: Request, pk: int, *, partial: bool = False) -> HttpResponse:
        return json_response(request, _saved(_lock_own(request, pk), request, partial=partial))


class ListTasks(ListAPIView[Task]):
    serializer_class = TaskSerializer
    queryset = Task.objects.none()

    def get_queryset(self) -> QuerySet[Task]:
        task_list = find_list(pk=self.kwargs["pk"], user=current_user(self.request))
        return narrow(task_list.tasks.all(), parse(self.request.query_params, OF_A_LIST))

    @extend_schema(summary="The tasks of a list", parameters=openapi(OF_A_LIST))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(summary="Make a task", request=TaskSerializer, responses={201: TaskSerializer})
    @transaction.atomic
    def post(self, request: Request, pk: int) -> Response:
        user = current_user(request)
        task_list = find_list(pk=pk, user=user, lock=True)
        context = contexts_of([task_list], [request.data])[pk]
        serializer = TaskSerializer(data=request.data, context=context)
        serializer.is_valid(raise_exception=True)
        task = Task(task_list=task_list, **serializer.validated_data)
        actions.save_tasks(tasks=[task], actor=user)
        return created(TaskSerializer(task).data, reverse("task", args=[task.pk]))


def created(data: dict[str, Any], address: str) -> Response:
    headers = {"Location": address, "ETag": json_etag(data)}
    return Response(data, status=status.HTTP_201_CREATED, headers=headers)


def _lock_own(request: Request, pk: int) -> TaskList:
    """The caller's own list, locked, and still as the caller has seen it."""
    task_list = find_list(pk=pk, user=current_user(request), lock=True)
    require_owner(task_list, current_user(request))
    require_match(request, json_etag(_data(task_list)))
    return task_list


def _saved(task_list: TaskList, request: Request, *, partial: bool = False) -> dict[str, Any]:
    serializer = TaskListSerializer(
        task_list, request.data, partial=partial, context={"owner": task_list.owner_id}
    )
    serializer.is_valid(raise_exception=True)
    task_list.name = serializer.validated_data.get("name", task_list.name)
    actions.save_list(task_list=task_list, members=serializer.validated_data.get("members"))
    return _data(task_list)


def _data(task_list: TaskList) -> dict[str, Any]:
    return dict(TaskListSerializer(task_list).data)
