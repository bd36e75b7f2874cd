"""Where the API describes itself: an index, the OpenAPI schema, and pages to try it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.response import Response

from api.http_cache import json_response
from api.serializers import Serializer
from api.views import APIView

if TYPE_CHECKING:
    from rest_framework.request import Request


class EndpointSerializer(Serializer):
    path = serializers.CharField(help_text="From the root; a name in braces is a parameter.")
    methods = serializers.ListField(child=serializers.CharField(), help_text="Such as GET.")
    summary = serializers.CharField(help_text="What a GET gives, else what the first method does.")


class IndexSerializer(Serializer):
    documentation = serializers.CharField(help_text="Pages to read and to try every request.")
    schema = serializers.CharField(help_text="The OpenAPI schema.")
    endpoints = EndpointSerializer(many=True, help_text="Every address of the API.")


class IndexView(APIView):
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="index",
        summary="What there is",
        description="Every address of the API, with its methods.",
        responses=IndexSerializer,
        tags=["index"],
    )
    def get(self, request: Request) -> HttpResponse:
        return json_response(request, _index())


class SchemaView(SpectacularAPIView):
    """The schema as YAML, or as JSON if the client accepts that."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:  # noqa: ARG002
        return Response(get_schema())


class DocsView(SpectacularSwaggerView):
    """Swagger UI. Its page cannot hold what OPTIONS answers elsewhere."""

    def options(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override]  # noqa: ARG002
        return HttpResponse(headers={"Allow": ", ".join(self.allowed_methods)})


@cache
def get_schema() -> dict[str, Any]:
    """Return the schema. It is made once: it is the same for every client, and takes some 100 ms."""
    generator: Any = SchemaGenerator()  # type: ignore[no-untyped-call]  # drf-spectacular has no types
    schema: dict[str, Any] = generator.get_schema(request=None, public=True)
    return schema


def _index() -> dict[str, Any]:
    endpoints = []
    for path, item in get_schema()["paths"].items():
        summary = next(iter(item.values()))["summary"]
        endpoints.append({"path": path, "methods": [method.upper() for method in item], "summary": summary})
    return {"documentation": reverse("docs"), "schema": reverse("schema"), "endpoints": endpoints}
