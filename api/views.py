"""Where the API describes itself."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.response import Response

if TYPE_CHECKING:
    from rest_framework.request import Request


class SchemaView(SpectacularAPIView):
    """The schema as YAML, or as JSON for who accepts that."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:  # noqa: ARG002
        return Response(_schema())


@cache
def _schema() -> dict[str, Any]:
    """Made once: it says the same to everybody, and takes some hundred milliseconds."""
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    schema: dict[str, Any] = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return schema
