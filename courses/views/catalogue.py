"""The catalogue: everyone reads it through the cache; writes need the model permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.urls import reverse
from drf_spectacular.utils import extend_schema_view
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny

from api.cached import cached_action
from api.http_cache import etag_of, json_etag
from api.permissions import ModelPermissionsOrReadOnly
from api.problems.exceptions import Problem
from api.viewsets import ModelViewSet
from caching import CacheResult, uncached
from courses import actions, cache, schema, selectors
from courses.models import Category, Course
from courses.parameters import CourseQuery, TopQuery
from courses.permissions import NO_COURSE, can_view_drafts
from courses.serializers import CategorySerializer, CourseWriteSerializer
from courses.view_counts import course_views

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User
    from rest_framework.request import Request

    from api.cached import Read


@extend_schema_view(**schema.COURSES)
class CourseViewSet(ModelViewSet[Course]):
    permission_classes = [ModelPermissionsOrReadOnly]
    queryset = Course.objects.all()
    serializer_class = CourseWriteSerializer
    query_serializers = {"list": CourseQuery, "top": TopQuery}
    lookup_value_converter = "int"
    throttle_scope: str | None = None

    @cached_action(cache.course_pages)
    def list(self, request: Request, read: Read) -> CacheResult:  # type: ignore[override]
        try:
            if can_view_drafts(request.user):
                return uncached(selectors.course_page(**self.query, drafts=True), "drafts")
            return read()
        except Category.DoesNotExist:
            raise _no_category(self.query["category"]) from None

    @schema.TOP
    @action(detail=False, permission_classes=[AllowAny], throttle_scope="courses-top", pagination_class=None)
    @cached_action(cache.top_courses)
    def top(self, request: Request, read: Read) -> CacheResult:
        if can_view_drafts(request.user):
            return uncached(selectors.top_courses(**self.query, drafts=True), "drafts")
        return read()

    @cached_action(cache.course_detail, counts=course_views)
    def retrieve(self, request: Request, read: Read, pk: int) -> CacheResult:
        try:
            return read()
        except Course.DoesNotExist:
            return _draft(pk, request.user)

    def represent(self, row: Course) -> dict[str, Any]:
        return selectors.course_detail(pk=row.pk, drafts=True)

    def etag(self, row: Course) -> str:
        """Return the entity tag of what a GET gives: of the cached body, whose ``views`` may lag."""
        try:
            return etag_of(cache.course_detail.get(pk=row.pk).body)
        except Course.DoesNotExist:  # a draft
            return json_etag(self.represent(row))

    def perform_destroy(self, row: Course) -> None:  # type: ignore[override]
        actions.delete_course(row)


@extend_schema_view(**schema.CATEGORIES)
class CategoryViewSet(ModelViewSet[Category]):
    permission_classes = [ModelPermissionsOrReadOnly]
    queryset = Category.objects.all()
    serializer_class = CategorySerializer
    query_serializers = {}
    pagination_class = None
    lookup_value_converter = "int"

    @cached_action(cache.categories)
    def list(self, request: Request, read: Read) -> CacheResult:  # type: ignore[override]  # noqa: ARG002
        return read()


def _draft(pk: int, user: User | AnonymousUser) -> CacheResult:
    """Return a course that is not published; Http404 if there is none for the user."""
    try:
        if can_view_drafts(user):
            return uncached(selectors.course_detail(pk=pk, drafts=True), "drafts")
    except Course.DoesNotExist:
        pass
    raise Http404(NO_COURSE)


def _no_category(pk: int) -> Problem:
    message = f"must be a category; there is none with the id {pk}. {reverse('category-list')} lists them"
    return Problem(f"category {message}.", errors={"category": [message]})
