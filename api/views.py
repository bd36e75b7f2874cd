"""What the project's API views have in common, and where the API describes itself."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from django.http import HttpResponse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework import views
from rest_framework.exceptions import APIException
from rest_framework.response import Response

from api.query import NoQuery, QuerySerializer, parse_query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rest_framework.request import Request


class StrictQuery:
    """A mixin for views: query parameters are declared, and others refused.

    Attributes:
        query_serializers: what each action takes, by the action's name; by HTTP method in lower case
            where the view has no actions.
        query: the values of this request, by name.
    """

    query_serializers: ClassVar[Mapping[str, type[QuerySerializer]]] = {}
    query: dict[str, Any]

    def get_query_serializer_class(self) -> type[QuerySerializer]:
        """Return what the action of this request takes."""
        view: Any = self
        method = (view.request.method or "get").lower()
        name = getattr(view, "action", None) or ("get" if method == "head" else method)
        return self.query_serializers.get(name, NoQuery)

    def perform_authentication(self, request: Request) -> None:
        """Authenticate, and count a request whose credentials are refused as an anonymous one."""
        try:
            super().perform_authentication(request)  # type: ignore[misc]  # the view's
        except APIException:
            view: Any = self
            view.check_throttles(request)
            raise

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)  # type: ignore[misc]  # the view's
        if request.method != "OPTIONS":
            self.query = parse_query(request, self.get_query_serializer_class())


class APIView(StrictQuery, views.APIView):
    """DRF's, with strict query parameters."""


class SchemaView(SpectacularAPIView):
    """The schema as YAML, or as JSON if the client accepts that."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:  # noqa: ARG002
        return Response(_schema())


class DocsView(SpectacularSwaggerView):
    """Swagger UI. Its page cannot hold what OPTIONS answers elsewhere."""

    def options(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override]  # noqa: ARG002
        return HttpResponse(headers={"Allow": ", ".join(self.allowed_methods)})


@cache
def _schema() -> dict[str, Any]:
    """Return the schema. It is made once: it is the same for every client, and takes some 100 ms."""
    generator: Any = SchemaGenerator()  # type: ignore[no-untyped-call]  # drf-spectacular has no types
    schema: dict[str, Any] = generator.get_schema(request=None, public=True)
    return schema
