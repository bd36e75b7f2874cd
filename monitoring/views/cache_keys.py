"""The cache's keys, for those who have the permission to see them."""

from http import HTTPStatus
from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from redis import RedisError
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from api.fields import MAX_ID, IntegerField
from api.problems.exceptions import Conflict, Problem, Unavailable
from api.query import QuerySerializer
from api.views import StrictQuery
from monitoring import cache_keys
from monitoring.serializers import CacheKeyDetailSerializer, CacheKeyPageSerializer

MAX_KEYS = 500
KEY = OpenApiParameter("key", str, "path", description="The key's full name in Redis.")


class KeyQuery(QuerySerializer):
    match = serializers.CharField(max_length=200, default="*", help_text="A glob pattern of names.")
    cursor = IntegerField(min_value=0, max_value=MAX_ID, default=0, help_text="From the last answer.")
    limit = IntegerField(min_value=1, max_value=MAX_KEYS, default=100, help_text="About how many keys.")


class CacheKeyPermission(BasePermission):
    """``monitoring.view_cache_keys`` for reads, ``monitoring.delete_cache_keys`` for the rest."""

    def has_permission(self, request: Request, view: APIView) -> bool:  # noqa: ARG002
        needed = "view" if request.method in SAFE_METHODS else "delete"
        return bool(request.user and request.user.has_perm(f"monitoring.{needed}_cache_keys"))


class CacheKeyViewSet(StrictQuery, ViewSet):
    permission_classes = [CacheKeyPermission]
    query_serializers = {"index": KeyQuery}

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, RedisError):
            exc = Unavailable("Redis does not answer, so the cache cannot be inspected.")
        return super().handle_exception(exc)

    @extend_schema(
        operation_id="cache_keys_list",
        summary="Keys in the cache",
        description="About `limit` keys that match a glob pattern. Go on with `cursor` until it is null.",
        responses=CacheKeyPageSerializer,
    )
    def index(self, request: Request) -> Response:  # noqa: ARG002
        if settings.CACHING["CLUSTER"]:
            raise Problem("A cluster has no list of its keys: use redis-cli on each node.", status=501)
        keys, cursor = cache_keys.list_keys(**self.query)
        return Response({"cursor": cursor, "results": [key._asdict() for key in keys]})

    @extend_schema(
        operation_id="cache_keys_retrieve",
        summary="A key and its value",
        parameters=[KEY],
        description="JSON is decoded; of a collection the first 100 members are shown.",
        responses=CacheKeyDetailSerializer,
    )
    def retrieve(self, request: Request, key: str) -> Response:  # noqa: ARG002
        if not cache_keys.is_visible(key):
            raise PermissionDenied("Only keys of the cache are shown here, not sessions or throttles.")
        found = cache_keys.get_key(key)
        if found is None:
            raise NotFound(f"There is no key {key}.")
        described, value = found
        detail: dict[str, Any] = {**described._asdict(), "value": value}
        return Response(detail)

    @extend_schema(
        operation_id="cache_keys_destroy",
        summary="Delete a cached value",
        parameters=[KEY],
        description="The next read computes it again.",
        responses={204: OpenApiResponse(description="Deleted.")},
    )
    def destroy(self, request: Request, key: str) -> Response:  # noqa: ARG002
        if not cache_keys.is_value(key):
            raise Conflict(
                "Only cached values can be deleted. Leases, fences and generations keep the cache "
                "coherent and expire by themselves."
            )
        if not cache_keys.drop_key(key):
            raise NotFound(f"There is no key {key}.")
        return Response(status=HTTPStatus.NO_CONTENT)
