"""The cache's keys, for staff."""

from http import HTTPStatus

from django.conf import settings
from drf_spectacular.utils import OpenApiResponse, extend_schema
from redis import RedisError
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.params import Integer, Parameter, Text, openapi, parse
from api.problems.exceptions import Conflict, Problem, Unavailable
from monitoring import cache_keys
from monitoring.serializers import KeyDetailSerializer, KeyPageSerializer

PARAMETERS: dict[str, Parameter] = {
    "match": Text(200, default="*"),
    "cursor": Integer(0, 2**63 - 1, default=0),
    "limit": Integer(1, 500, default=100),
}


class CacheView(APIView):
    """A view for staff. The status is 503 while Redis does not answer."""

    permission_classes = [IsAdminUser]

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, RedisError):
            exc = Unavailable("Redis does not answer, so the cache cannot be inspected.")
        return super().handle_exception(exc)


class KeyListView(CacheView):
    @extend_schema(
        operation_id="cache_keys_list",
        summary="Keys in the cache",
        parameters=openapi(PARAMETERS),
        responses=KeyPageSerializer,
    )
    def get(self, request: Request) -> Response:
        """About `limit` keys that match a glob pattern. Continue with `cursor` until it is null."""
        if settings.CACHING["CLUSTER"]:
            raise Problem("A cluster has no list of its keys: use redis-cli on each node.", status=501)
        keys, cursor = cache_keys.list_keys(**parse(request.query_params, PARAMETERS))
        return Response({"cursor": cursor, "results": [key._asdict() for key in keys]})


class KeyDetailView(CacheView):
    @extend_schema(
        operation_id="cache_keys_retrieve", summary="A key and its value", responses=KeyDetailSerializer
    )
    def get(self, request: Request, key: str) -> Response:  # noqa: ARG002
        """JSON is decoded; of a collection the first 100 members are shown."""
        if not cache_keys.is_visible(key):
            raise PermissionDenied("Only keys of the cache are shown here, not sessions or throttles.")
        found = cache_keys.get_key(key)
        if found is None:
            raise NotFound(f"There is no key {key} (any more).")
        described, value = found
        return Response({**described._asdict(), "value": value})

    @extend_schema(
        operation_id="cache_keys_destroy",
        summary="Delete a cached value",
        responses={204: OpenApiResponse(description="Deleted. The next read loads the value again.")},
    )
    def delete(self, request: Request, key: str) -> Response:  # noqa: ARG002
        if not cache_keys.is_value(key):
            raise Conflict(
                "Only cached values can be deleted. Leases, fences and generations keep the cache "
                "coherent and expire or are lifted."
            )
        if not cache_keys.drop_key(key):
            raise NotFound(f"There is no key {key} (any more).")
        return Response(status=HTTPStatus.NO_CONTENT)
