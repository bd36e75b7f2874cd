"""Tasks: the caller's, one, what can be done with it, many at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.response import Response
from rest_framework.views import APIView

from api.http_cache import json_etag, json_response, require_match
from api.params import openapi, parse
from core.users import current_user
from tasks import actions
from tasks.bulk import Bulk
from tasks.models import Task
from tasks.permissions import find_task, lock_task_and_list, require_owner, require_owner_or_assignee
from tasks.selectors import contexts_of, narrow, tasks_of
from tasks.serializers import (
    BulkRequestSerializer,
    BulkResponseSerializer,
    BulkSerializer,
    TaskSerializer,
)
from tasks.views.parameters import IF_MATCH, OF_ALL

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpResponse
    from rest_framework.request import Request


class Tasks(ListAPIView[Task]):
    serializer_class = TaskSerializer
    queryset = Task.objects.none()

    def get_queryset(self) -> QuerySet[Task]:
        return narrow(tasks_of(current_user(self.request)), parse(self.request.query_params, OF_ALL))

    @extend_schema(summary="The tasks in all lists of the caller", parameters=openapi(OF_ALL))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


class TaskDetail(APIView):
    @extend_schema(summary="A task", responses=TaskSerializer)
    def get(self, request: Request, pk: int) -> HttpResponse:
        return _answer(request, find_task(pk=pk, user=current_user(request)))

    @extend_schema(
        summary="Replace a task", parameters=[IF_MATCH], request=TaskSerializer, responses=TaskSerializer
    )
    def put(self, request: Request, pk: int) -> HttpResponse:
        return self._change(request, pk)

    @extend_schema(
        summary="Change a task, though not its status",
        parameters=[IF_MATCH],
        request=TaskSerializer(partial=True),
        responses=TaskSerializer,
    )
    def patch(self, request: Request, pk: int) -> HttpResponse:
        return self._change(request, pk, partial=True)

    @extend_schema(summary="Delete a task", parameters=[IF_MATCH], responses={204: None})
    @transaction.atomic
    def delete(self, request: Request, pk: int) -> Response:
        self._lock_own(request, pk).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)

    @transaction.atomic
    def _change(self, request: Request, pk: int, *, partial: bool = False) -> HttpResponse:
        task = self._lock_own(request, pk)
        context = contexts_of([task.task_list], [request.data])[task.task_list_id]
        serializer = TaskSerializer(task, request.data, partial=partial, context=context)
        serializer.is_valid(raise_exception=True)
        for name, value in serializer.validated_data.items():
            setattr(task, name, value)
        actions.save_tasks(tasks=[task], actor=current_user(request))
        return _answer(request, task)

    def _lock_own(self, request: Request, pk: int) -> Task:
        """The task, locked, of a list of the caller's own, and still as the caller has seen it."""
        task = lock_task_and_list(pk=pk, user=current_user(request))
        require_owner(task.task_list, current_user(request))
        require_match(request, json_etag(_data(task)))
        return task


class Complete(APIView):
    @extend_schema(
        summary="Complete a task; again changes nothing",
        parameters=[IF_MATCH],
        request=None,
        responses=TaskSerializer,
    )
    @transaction.atomic
    def post(self, request: Request, pk: int) -> HttpResponse:
        task = _lock(request, pk)
        require_owner_or_assignee(task, current_user(request))
        actions.complete_task(task=task, actor=current_user(request))
        return _answer(request, task)


class Reopen(APIView):
    @extend_schema(
        summary="Make a completed task pending again",
        parameters=[IF_MATCH],
        request=None,
        responses=TaskSerializer,
    )
    @transaction.atomic
    def post(self, request: Request, pk: int) -> HttpResponse:
        task = _lock(request, pk)
        require_owner(task.task_list, current_user(request))
        actions.reopen_task(task=task)
        return _answer(request, task)


class Start(APIView):
    @extend_schema(
        summary="Put a pending task in progress",
        parameters=[IF_MATCH],
        request=None,
        responses=TaskSerializer,
    )
    @transaction.atomic
    def post(self, request: Request, pk: int) -> HttpResponse:
        task = _lock(request, pk)
        require_owner_or_assignee(task, current_user(request))
        actions.start_task(task=task)
        return _answer(request, task)


class BulkTasks(APIView):
    @extend_schema(
        summary="Make and change up to 100 tasks, all or none",
        request=BulkRequestSerializer,
        responses=BulkResponseSerializer,
    )
    @transaction.atomic
    def post(self, request: Request) -> Response:
        serializer = BulkSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        tasks = Bulk(serializer.validated_data["tasks"], current_user(request)).build()
        actions.save_tasks(tasks=tasks, actor=current_user(request))
        return Response({"tasks": TaskSerializer(tasks, many=True).data}, status=status.HTTP_200_OK)


def _lock(request: Request, pk: int) -> Task:
    task = find_task(pk=pk, user=current_user(request), lock=True)
    require_match(request, json_etag(_data(task)))
    return task


def _data(task: Task) -> dict[str, Any]:
    return dict(TaskSerializer(task).data)


def _answer(request: Request, task: Task) -> HttpResponse:
    return json_response(request, _data(task))
