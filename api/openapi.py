"""The OpenAPI 3 schema, with the problems that every operation may answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.openapi import AutoSchema as SpectacularAutoSchema
from rest_framework.permissions import SAFE_METHODS
from rest_framework.serializers import ListSerializer

from api.permissions import ModelPermissionsOrReadOnly
from api.problems.exceptions import CONTENT_TYPE
from api.serializers import StrictFields

if TYPE_CHECKING:
    from collections.abc import Iterator

METHODS = {"get", "put", "post", "delete", "patch"}
WRITES = METHODS - {"get"}
PROBLEM = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "example": "about:blank"},
        "title": {"type": "string", "example": "Bad Request"},
        "status": {"type": "integer", "example": 400},
        "detail": {
            "type": "string",
            "example": "limit must be a whole number from 1 to 100; this is not: 'x'.",
        },
        "errors": {
            "type": "object",
            "description": "What is wrong by field or parameter; a field inside another is `outer.0.inner`.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
        "violated-policies": {
            "type": "array",
            "description": "With 429: the limits that were reached, by their names in `RateLimit-Policy`.",
            "items": {"type": "string"},
        },
        "lessons": {
            "type": "array",
            "description": "With 409 of a course's completion: lessons that are not completed, in order.",
            "items": {
                "type": "object",
                "required": ["id", "title"],
                "properties": {
                    "id": {"type": "integer", "example": 12},
                    "title": {"type": "string", "example": "Lesson 1.2"},
                },
            },
        },
    },
}
MEANINGS = {
    "400": "The input is not valid: `errors` says why.",
    "401": "The request is not authenticated.",
    "403": "The user lacks the permission.",
    "404": "There is no such row, or the user may not see it.",
    "409": "The present state of the data does not allow it.",
    "429": "Too many requests: `Retry-After` is the number of seconds to wait.",
    "default": "Another problem.",
}


class AutoSchema(SpectacularAutoSchema):
    """drf-spectacular's, which also knows the project's query parameters and permissions."""

    def get_description(self) -> str:  # type: ignore[override]
        """Return nothing: docstrings are for the project. ``@extend_schema(description=…)`` is public."""
        return ""

    def get_override_parameters(self) -> list[Any]:
        """Return the query parameters that the view declares (``query_serializers``)."""
        get_query = getattr(self.view, "get_query_serializer_class", None)
        query = get_query()() if get_query else None
        return [query] if query is not None and query.fields else []

    def _map_basic_serializer(self, serializer: Any, direction: str) -> Any:
        """Return the schema of a serializer; a body that refuses unknown fields says so."""
        schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if direction == "request" and isinstance(serializer, StrictFields):
            schema["additionalProperties"] = False
        return schema

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        """Return the schema of a field; a list of objects says how many it takes."""
        schema: dict[str, Any] = super()._map_serializer_field(field, direction, bypass_extensions)  # type: ignore[no-untyped-call]
        if direction == "request" and isinstance(field, ListSerializer):
            rows: Any = field
            limits = {
                "minItems": rows.min_length or int(not rows.allow_empty),
                "maxItems": rows.max_length,
            }
            schema |= {name: limit for name, limit in limits.items() if limit}
        return schema

    def _get_request_body(self, direction: str = "request") -> Any:
        """Return the body of a request; of a DELETE, where the view says so (``deletes_with_body``)."""
        method = self.method
        if method == "DELETE" and getattr(self.view, "action", "") in getattr(
            self.view, "deletes_with_body", ()
        ):
            self.method = "POST"
        try:
            return super()._get_request_body(direction)  # type: ignore[no-untyped-call]  # its hook
        finally:
            self.method = method

    def get_auth(self) -> list[dict[str, Any]]:
        ways: list[dict[str, Any]] = super().get_auth()
        permissions = self.view.get_permissions()
        open_to_all = self.method in SAFE_METHODS and all(
            isinstance(permission, ModelPermissionsOrReadOnly) for permission in permissions
        )
        return [*ways, {}] if permissions and open_to_all else ways


def add_problems(result: dict[str, Any], **kwargs: object) -> dict[str, Any]:  # noqa: ARG001
    """Add to each operation the problems that it may answer (a postprocessing hook)."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path, method, operation in _operations(result):
        for status in _problems_of(path, method, operation):
            answer = {"description": MEANINGS[status], "content": content}
            if status == "429":
                answer["headers"] = {"Retry-After": {"schema": {"type": "integer", "minimum": 1}}}
            operation["responses"].setdefault(status, answer)
    return result


def _operations(schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in schema.get("paths", {}).items():
        for method, operation in item.items():
            if method in METHODS:
                yield path, method, operation


def _problems_of(path: str, method: str, operation: dict[str, Any]) -> Iterator[str]:
    if "requestBody" in operation or any(p["in"] == "query" for p in operation.get("parameters", [])):
        yield "400"
    if {} not in operation.get("security", [{}]):
        yield from ("401", "403")
    if "{" in path:
        yield "404"
    if method in WRITES:
        yield "409"
    yield from ("429", "default")
