"""drf-spectacular's schema of a view, which also knows the project's parameters, permissions and names."""

from __future__ import annotations

import re
from typing import Any

from drf_spectacular.openapi import AutoSchema as SpectacularAutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework.permissions import SAFE_METHODS
from rest_framework.serializers import ListSerializer, ModelSerializer

from api.openapi.descriptions import describe_fields, describe_path_parameter
from api.permissions import ModelPermissionsOrReadOnly
from api.serializers import StrictFields

IF_MATCH = OpenApiParameter(
    "If-Match", location="header", description="The ETag of what you saw; 412 if it has changed since."
)
CONDITIONAL_ACTIONS = {"update", "partial_update", "destroy"}


class AutoSchema(SpectacularAutoSchema):
    """drf-spectacular's, with what the project's views declare."""

    def get_description(self) -> str:  # type: ignore[override]
        """Return nothing: docstrings are for the project. ``@extend_schema(description=…)`` is public."""
        return ""

    def get_override_parameters(self) -> list[Any]:
        """Return the query parameters that the view declares (``query_serializers``), and If-Match."""
        get_query = getattr(self.view, "get_query_serializer_class", None)
        query = get_query()() if get_query else None
        found: list[Any] = [query] if query is not None and query.fields else []
        writes_row = getattr(self.view, "action", "") in CONDITIONAL_ACTIONS
        if writes_row and hasattr(self.view, "lock_object") and hasattr(self.view, "retrieve"):
            found.append(IF_MATCH)
        return found

    def _resolve_path_parameters(self, variables: Any) -> Any:
        """Return the parameters in the path; each says what it is the id of."""
        parameters = super()._resolve_path_parameters(variables)  # type: ignore[no-untyped-call]  # its hook
        for parameter in parameters:
            parameter["description"] = describe_path_parameter(self.path, parameter["name"])
        return parameters

    def _get_serializer_name(self, serializer: Any, direction: Any, bypass_extensions: bool = False) -> str:
        """Return the name of a component: Course, CourseRequest, CoursePatch."""
        name: str = super()._get_serializer_name(serializer, direction, bypass_extensions)
        name = re.sub("Write(Request)?$", r"\1", name)
        if name.startswith("Patched"):
            name = name.removeprefix("Patched").removesuffix("Request") + "Patch"
        return name

    def get_paginated_name(self, serializer_name: str) -> str:
        return f"{serializer_name}Page"

    def _map_basic_serializer(self, serializer: Any, direction: str) -> Any:
        """Return the schema of a serializer; a body that refuses unknown fields says so.

        The serializer's docstring is for the project. A response has every field of a model's serializer,
        those among them that a request may leave out, except what its Meta names in ``may_lack``.
        """
        schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        schema.pop("description", None)
        describe_fields(schema)
        if direction == "request" and isinstance(serializer, StrictFields):
            schema["additionalProperties"] = False
        if direction == "response" and isinstance(serializer, ModelSerializer):
            may_lack: Any = getattr(serializer.Meta, "may_lack", frozenset())
            schema["required"] = sorted(set(schema["properties"]) - may_lack)
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
        """Return the body of a request; of a DELETE, where the view says so (``deletes_with_body``).

        What is created or replaced needs one, even where no field of it alone is required.
        """
        method = self.method
        if method == "DELETE" and getattr(self.view, "deletes_with_body", False):
            self.method = "POST"
        try:
            body: Any = super()._get_request_body(direction)  # type: ignore[no-untyped-call]  # its hook
            return {**body, "required": True} if body and self.method in {"POST", "PUT"} else body
        finally:
            self.method = method

    def get_auth(self) -> list[dict[str, Any]]:
        ways: list[dict[str, Any]] = super().get_auth()
        is_open = ModelPermissionsOrReadOnly in map(type, self.view.get_permissions())
        if is_open and self.method in SAFE_METHODS:
            ways.append({})
        return [] if ways == [{}] else ways  # a generator takes any other list for a way to authenticate
