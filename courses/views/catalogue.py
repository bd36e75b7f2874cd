"""The catalogue: read by all through the cache, written by those with the model permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import RetrieveUpdateDestroyAPIView
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from api.http_cache import cached_response
from api.params import ID, Choice, Decimal, Integer, Parameter, Text, openapi, parse
from api.params import PARAMETERS as PAGING
from api.permissions import ModelPermissionsOrReadOnly
from api.problems.exceptions import Problem
from caching import uncached
from courses import actions, cache, selectors
from courses.models import Category, Course
from courses.permissions import NO_COURSE, sees_drafts
from courses.serializers import (
    CategorySerializer,
    CourseDetailSerializer,
    CoursePageSerializer,
    CourseSummarySerializer,
    CourseWriteSerializer,
)
from courses.view_counts import count_view

if TYPE_CHECKING:
    from rest_framework.request import Request

ORDER = Choice(selectors.ORDERS, default=selectors.DEFAULT_ORDER)
TOP: dict[str, Parameter] = {"limit": Integer(1, 100, default=5), "order": ORDER}
FILTERS: dict[str, Parameter] = {
    **PAGING,
    "order": ORDER,
    "category": ID,
    "search": Text(100),
    "min_rating": Decimal(0, 5),
}


class CourseList(APIView):
    permission_classes = [ModelPermissionsOrReadOnly]
    queryset = Course.objects.all()

    @extend_schema(
        operation_id="courses_list",
        summary="The catalogue",
        parameters=openapi(FILTERS),
        responses=CoursePageSerializer,
    )
    def get(self, request: Request) -> HttpResponse:
        params = parse(request.query_params, FILTERS)
        if params["min_rating"] is not None:
            params["min_rating"] = float(params["min_rating"])
        try:
            if sees_drafts(request.user):
                reading = uncached(selectors.course_page(**params, drafts=True), "drafts")
            else:
                reading = cache.course_pages.get(**params)
        except Category.DoesNotExist:
            raise _no_category(params["category"]) from None
        return cached_response(request, reading)

    @extend_schema(
        summary="Add a course", request=CourseWriteSerializer, responses={201: CourseDetailSerializer}
    )
    def post(self, request: Request) -> Response:
        serializer = CourseWriteSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        with transaction.atomic():
            pk = serializer.save().pk
            data = selectors.course_detail(pk=pk, drafts=True)
        address = reverse("course-detail", args=[pk])
        return Response(data, status=status.HTTP_201_CREATED, headers={"Location": address})


class CourseDetail(APIView):
    permission_classes = [ModelPermissionsOrReadOnly]
    queryset = Course.objects.all()

    @extend_schema(summary="A course with its outline", responses=CourseDetailSerializer)
    def get(self, request: Request, pk: int) -> HttpResponse:
        try:
            reading = cache.course_detail.get(pk=pk)
        except Course.DoesNotExist:
            return self._draft(request, pk)
        if request.method == "GET":
            count_view(pk)
        return cached_response(request, reading)

    def _draft(self, request: Request, pk: int) -> HttpResponse:
        try:
            if sees_drafts(request.user):
                reading = uncached(selectors.course_detail(pk=pk, drafts=True), "drafts")
                return cached_response(request, reading)
        except Course.DoesNotExist:
            pass
        raise Http404(NO_COURSE)

    @extend_schema(
        summary="Replace a course", request=CourseWriteSerializer, responses=CourseDetailSerializer
    )
    def put(self, request: Request, pk: int) -> Response:
        return self._update(request, pk, partial=False)

    @extend_schema(
        summary="Change a course",
        request=CourseWriteSerializer(partial=True),
        responses=CourseDetailSerializer,
    )
    def patch(self, request: Request, pk: int) -> Response:
        return self._update(request, pk, partial=True)

    @transaction.atomic
    def _update(self, request: Request, pk: int, *, partial: bool) -> Response:
        course = get_object_or_404(Course.objects.select_for_update(), pk=pk)
        serializer = CourseWriteSerializer(course, data=request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(selectors.course_detail(pk=pk, drafts=True))

    @extend_schema(summary="Delete a course that nobody has taken", responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:  # noqa: ARG002
        actions.delete_course(pk=pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


class TopCourses(APIView):
    permission_classes = [AllowAny]
    throttle_scope = "courses-top"

    @extend_schema(
        summary="The first few courses in some order",
        parameters=openapi(TOP),
        responses=CourseSummarySerializer(many=True),
    )
    def get(self, request: Request) -> HttpResponse:
        params = parse(request.query_params, TOP)
        if sees_drafts(request.user):
            reading = uncached(selectors.top_courses(**params, drafts=True), "drafts")
        else:
            reading = cache.top_courses.get(**params)
        return cached_response(request, reading)


class CategoryList(APIView):
    permission_classes = [ModelPermissionsOrReadOnly]
    queryset = Category.objects.all()

    @extend_schema(summary="All categories, by name", responses=CategorySerializer(many=True))
    def get(self, request: Request) -> HttpResponse:
        return cached_response(request, cache.categories.get())

    @extend_schema(summary="Add a category", request=CategorySerializer, responses={201: CategorySerializer})
    def post(self, request: Request) -> Response:
        serializer = CategorySerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data, status=status.HTTP_201_CREATED)


class CategoryDetail(RetrieveUpdateDestroyAPIView[Category]):
    permission_classes = [ModelPermissionsOrReadOnly]
    queryset = Category.objects.all()
    serializer_class = CategorySerializer

    def perform_destroy(self, instance: Category) -> None:
        actions.delete_category(pk=instance.pk)


def _no_category(pk: int) -> Problem:
    message = f"must be a category; there is none with the id {pk}. {reverse('category-list')} lists them"
    return Problem(f"category {message}.", errors={"category": [message]})
