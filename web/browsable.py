"""The browsable API: DRF's pages, for what the views answer to every client."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.shortcuts import resolve_url
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from rest_framework import renderers
from rest_framework.exceptions import APIException
from rest_framework.utils.formatting import markup_description

from api.problems.exceptions import CONTENT_TYPE
from core.conf import API_PREFIX
from core.security import CONTENT_SECURITY_POLICY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rest_framework.renderers import BaseRenderer
    from rest_framework.request import Request
    from rest_framework.views import APIView

# They describe the JSON. The page has a user's name and CSRF token, so no cache may store it.
OF_THE_JSON = ("ETag", "Cache-Control")
# What a form holds before anything is written, by the type of the schema.
EMPTY = {"string": "", "boolean": False, "array": [], "object": {}}
ADDRESS = re.compile(rf"&quot;({API_PREFIX}[^\s{{}}]*?)&quot;")


class BrowsableAPIRenderer(renderers.BrowsableAPIRenderer):
    """DRF's, with the texts of the schema, links, and forms that strict serializers take."""

    template = "web/browsable.html"
    renderer_context: Mapping[str, Any]  # set by DRF's render()

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the page. It shows the headers of the JSON; its own response does not have all of them."""
        page = super().render(data, accepted_media_type, renderer_context)
        headers = (renderer_context or {})["response"].headers
        for name in OF_THE_JSON:
            headers.pop(name, None)
        headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        return page

    def get_context(
        self, data: Any, accepted_media_type: str | None, renderer_context: Mapping[str, Any]
    ) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(data, accepted_media_type, renderer_context)
        request, status = renderer_context["request"], renderer_context["response"].status_code
        path = request.path_info
        operation = find_operation(path, request.method) or find_operation(path, "POST") or {}
        if status >= 400:
            context["response_headers"]["Content-Type"] = CONTENT_TYPE
        return context | {
            "name": operation.get("summary", context["name"]),
            "description": markup_description(operation.get("description", "")),
            # DRF's template places these by styles in elements, which the policy refuses.
            "code_style": "",
            "extra_actions": None,
            "actions": context["extra_actions"],
            "pages": data if isinstance(data, dict) and {"previous", "next"} <= data.keys() else {},
            "sign_in": resolve_url(settings.LOGIN_URL),
        }

    def get_content(
        self,
        renderer: BaseRenderer,
        data: Any,
        accepted_media_type: str | None,
        renderer_context: Mapping[str, Any],
    ) -> SafeString:
        """Return the JSON as HTML, with links to the addresses in it."""
        text = super().get_content(renderer, data, accepted_media_type, renderer_context)
        return mark_safe(ADDRESS.sub(r'&quot;<a href="\1">\1</a>&quot;', escape(text)))  # noqa: S308  (escaped)

    def get_raw_data_form(self, data: Any, view: APIView, method: str, request: Request) -> Any:
        """Return the form of a body; None where the user may not send one."""
        form = super().get_raw_data_form(None, view, method, request)
        fields = find_fields(request.path_info, method)
        if form and fields:
            values = self._values(fields, data, method, request)
            form.initial["_content"] = json.dumps(values, indent=4, ensure_ascii=False)
        return form

    def _values(self, fields: Mapping[str, Any], data: Any, method: str, request: Request) -> object:
        """Return what a form begins with: what was refused, else the row for PUT and PATCH, else nothing."""
        if self.renderer_context["response"].status_code >= 400 and request.method == method:
            with suppress(APIException):
                return request.data
        row = data if method != "POST" and isinstance(data, dict) else {}
        if not fields.keys() & row.keys():
            return {name: one.get("default", EMPTY.get(one.get("type"))) for name, one in fields.items()}
        return {name: _writable(row[name], one) for name, one in fields.items() if name in row}


def _writable(value: Any, schema: Mapping[str, Any]) -> Any:
    """Return a row's value as the row's field takes it: of another row, its id."""
    return value["id"] if isinstance(value, dict) and schema.get("type") == "integer" else value


def find_operation(path: str, method: str) -> dict[str, Any] | None:
    """Return what the schema says of a method of an address; None if that is not in it."""
    paths = _schema()["paths"]
    found: dict[str, Any] = paths.get(path) or next(
        (paths[name] for name, form in _forms() if form.fullmatch(path)), {}
    )
    operation: dict[str, Any] | None = found.get("get" if method == "HEAD" else method.lower())
    return operation


def find_fields(path: str, method: str) -> dict[str, Any]:
    """Return the schemas of the fields that a method of an address takes, by name."""
    content = (find_operation(path, method) or {}).get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    fields: dict[str, Any] = _schema()["components"]["schemas"].get(name, schema).get("properties", {})
    return fields


@cache
def _forms() -> list[tuple[str, re.Pattern[str]]]:
    """Return the addresses that have parameters, each with what it matches."""
    names = [path for path in _schema()["paths"] if "{" in path]
    return [(name, re.compile(re.sub(r"\\{.*?\\}", "[^/]+", re.escape(name)))) for name in names]


def _schema() -> dict[str, Any]:
    """Return the OpenAPI schema."""
    from api.documentation import get_schema  # DRF's views import this module, and its views import them

    return get_schema()
