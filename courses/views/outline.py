"""Modules and lessons, for those with the model permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django.db import models, transaction
from django.http import Http404
from django.urls import reverse
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

from api.http_cache import json_etag, json_response, require_match
from api.permissions import ModelPermissions
from api.serializers import refuse_body
from api.viewsets import DestroyModelMixin, GenericViewSet, RetrieveModelMixin, UpdateModelMixin
from core.history import record_addition, record_change
from core.users import current_user
from courses import outline, progress, schema_outline
from courses.actions import lock_course
from courses.models import Course, Lesson, Module
from courses.permissions import NO_COURSE, NO_LESSON, NO_MODULE, find_lesson, visible_courses, visible_modules
from courses.serializers import (
    LessonCompletionSerializer,
    LessonSerializer,
    LessonSummarySerializer,
    ModuleSerializer,
    NewLessonSerializer,
    NewModuleSerializer,
    OrderSerializer,
)

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpResponse
    from rest_framework.request import Request

Row = TypeVar("Row", bound=models.Model)


class ChildrenViewSet(mixins.ListModelMixin, GenericViewSet[Row]):
    """The modules of a course, or the lessons of a module: list, add at the end, reorder.

    Attributes:
        parent: the field that refers to the parent.
        not_found: what a 404 for the parent says.
        address: the name of a child's own address.
    """

    permission_classes = [ModelPermissions]
    parent: ClassVar[str]
    not_found: ClassVar[str]
    address: ClassVar[str]

    def get_parents(self) -> QuerySet[Any]:
        """Return the parents that exist for the user, annotated with ``course_key``."""
        raise NotImplementedError

    def get_parent(self) -> Any:
        """Return the parent of the address; where the request writes, with its course locked.

        Raises:
            Http404: there is none that the user may see.
        """
        parent = self.get_parents().filter(pk=self.kwargs["parent_id"]).first()
        if parent is None:
            raise Http404(self.not_found)
        if self.request.method in {"POST", "PUT"}:
            lock_course(parent.course_key)
        return parent

    def filter_queryset(self, queryset: QuerySet[Row, Any]) -> QuerySet[Row, Any]:
        return (
            super().filter_queryset(queryset).filter(**{self.parent: self.get_parent()}).order_by("position")
        )

    @transaction.atomic
    def create(self, request: Request, parent_id: int) -> Response:  # noqa: ARG002
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        row = self.reload(serializer.save(**{self.parent: self.get_parent()}))
        record_addition(request.user, row)
        data = self.represent(row)
        headers = {"Location": reverse(self.address, args=[row.pk]), "ETag": json_etag(data)}
        return Response(data, status=status.HTTP_201_CREATED, headers=headers)

    @schema_outline.ORDER
    @action(detail=False, pagination_class=None)
    def order(self, request: Request, parent_id: int) -> HttpResponse:  # noqa: ARG002
        return json_response(request, _order(self.filter_queryset(self.get_queryset())))

    @schema_outline.REORDER
    @order.mapping.put
    @transaction.atomic
    def reorder(self, request: Request, parent_id: int) -> HttpResponse:  # noqa: ARG002
        serializer = OrderSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        children = self.filter_queryset(self.get_queryset())
        require_match(request, json_etag(_order(children)))
        outline.reorder(children, serializer.validated_data["ids"])
        record_change(request.user, self.get_parent(), [f"{children.model._meta.model_name}s"])
        return json_response(request, _order(children))


@schema_outline.COURSE_MODULES
class CourseModuleViewSet(ChildrenViewSet[Module]):
    queryset = Module.objects.all()
    serializer_class = NewModuleSerializer
    parent, not_found, address = "course", NO_COURSE, "module-detail"

    def get_parents(self) -> QuerySet[Course]:
        return visible_courses(self.request.user).annotate(course_key=models.F("pk"))


@schema_outline.MODULE_LESSONS
class ModuleLessonViewSet(ChildrenViewSet[Lesson]):
    queryset = Lesson.objects.all()
    serializer_class = NewLessonSerializer
    parent, not_found, address = "module", NO_MODULE, "lesson-detail"

    def get_serializer_class(self) -> Any:
        return LessonSummarySerializer if self.action == "list" else super().get_serializer_class()

    def get_parents(self) -> QuerySet[Module]:
        return visible_modules(self.request.user).annotate(course_key=models.F("course_id"))


class ChildViewSet(RetrieveModelMixin, UpdateModelMixin, DestroyModelMixin, GenericViewSet[Row]):
    """A module or a lesson at its own address. A write locks its course first, as all of outline.py do."""

    permission_classes = [ModelPermissions]
    query_serializers = {}
    lookup_value_converter = "int"
    course: ClassVar[str]
    not_found: ClassVar[str]

    def get_object(self) -> Row:
        try:
            row: Row = super().get_object()
        except Http404:
            raise Http404(self.not_found) from None
        return row

    def lock_object(self) -> Row:
        course = self.get_queryset().filter(pk=self.kwargs["pk"]).values_list(self.course, flat=True).first()
        if course is None:
            raise Http404(self.not_found)
        lock_course(course)
        return super().lock_object()

    def reload(self, row: Row) -> Row:
        """Return the row with the place that the database gave it."""
        row = super().reload(row)
        row.refresh_from_db(fields=["position"])
        return row


@schema_outline.MODULES
class ModuleViewSet(ChildViewSet[Module]):
    queryset = Module.objects.all()
    serializer_class = ModuleSerializer
    course, not_found = "course_id", NO_MODULE

    def get_queryset(self) -> QuerySet[Module]:
        return visible_modules(self.request.user)

    def perform_destroy(self, row: Module) -> None:  # type: ignore[override]
        outline.delete_module(row)


@schema_outline.LESSONS
class LessonViewSet(ChildViewSet[Lesson]):
    queryset = Lesson.objects.all()
    serializer_class = LessonSerializer
    course, not_found = "module__course_id", NO_LESSON

    def get_queryset(self) -> QuerySet[Lesson]:
        return Lesson.objects.filter(module__course__in=visible_courses(self.request.user))

    def perform_destroy(self, row: Lesson) -> None:  # type: ignore[override]
        outline.delete_lesson(row)

    @schema_outline.COMPLETE_LESSON
    @action(detail=True, methods=["post"], permission_classes=[IsAuthenticated])
    def complete(self, request: Request, pk: int) -> Response:
        refuse_body(request)
        user, lesson = current_user(request), find_lesson(pk, request.user)
        completion, created = progress.complete_lesson(user=user, lesson=lesson)
        code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(LessonCompletionSerializer(completion).data, status=code)

    @schema_outline.REOPEN_LESSON
    @complete.mapping.delete
    def reopen(self, request: Request, pk: int) -> Response:
        lesson = find_lesson(pk, request.user)
        progress.reopen_lesson(user=current_user(request), lesson=lesson)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _order(children: QuerySet[Any]) -> dict[str, list[int]]:
    return {"ids": list(children.values_list("pk", flat=True))}
