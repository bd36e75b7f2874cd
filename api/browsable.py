"""The browsable API: DRF's pages, for what the views answer to every client."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import resolve_url
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from rest_framework import renderers
from rest_framework.exceptions import APIException
from rest_framework.request import override_method
from rest_framework.response import Response
from rest_framework.utils.formatting import markup_description

from api.problems.exceptions import CONTENT_TYPE
from core.conf import API_PREFIX
from core.security import CONTENT_SECURITY_POLICY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    from rest_framework.renderers import BaseRenderer
    from rest_framework.request import Request
    from rest_framework.views import APIView

JSON_TYPES = {"application/json", CONTENT_TYPE}
# They describe the JSON. The page has a user's name and CSRF token, so no cache may store it.
OF_THE_JSON = ("ETag", "Cache-Control")
# What a form holds before anything is written, by the type of the schema.
EMPTY = {"string": "", "boolean": False, "array": [], "object": {}}
ADDRESS = re.compile(rf"&quot;({API_PREFIX}[^\s{{}}]*?)&quot;")


def as_data(response: HttpResponse) -> HttpResponse:
    """Return a response with JSON as one of DRF's, which its renderer can show; any other as it is."""
    if isinstance(response, Response) or response.headers.get("Content-Type") not in JSON_TYPES:
        return response
    headers = {name: value for name, value in response.items() if name != "Content-Type"}
    return Response(json.loads(response.content), status=response.status_code, headers=headers)


class BrowsableAPIRenderer(renderers.BrowsableAPIRenderer):
    """DRF's, with the texts of the schema, links, and forms that strict serializers take."""

    template = "api/browsable.html"
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
        find = documentation().find_operation
        operation = find(request.path_info, request.method) or find(request.path_info, "POST") or {}
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

    def get_raw_data_form(self, data: Any, view: APIView, method: str, request: Request) -> BodyForm | None:
        """Return the form of a body; None where the user may not send one."""
        with override_method(view, request, method) as cloned:
            if not self.show_form_for_method(view, method, cloned, None):
                return None
        fields = documentation().find_fields(request.path_info, method)
        values = self._values(fields, data, method, request) if fields else None
        text = "" if values is None else json.dumps(values, indent=4, ensure_ascii=False)
        return BodyForm(initial={"_content": text})

    def _values(self, fields: Mapping[str, Any], data: Any, method: str, request: Request) -> object:
        """Return what a form begins with: what was refused, else the row for PUT and PATCH, else nothing."""
        if self.renderer_context["response"].status_code >= 400 and request.method == method:
            with suppress(APIException):
                return request.data
        row = data if method != "POST" and isinstance(data, dict) else {}
        if not fields.keys() & row.keys():
            return {name: one.get("default", EMPTY.get(one.get("type"))) for name, one in fields.items()}
        return {name: _writable(row[name], one) for name, one in fields.items() if name in row}


class BodyForm(forms.Form):
    """A body, which DRF's script sends in the place of the form."""

    _content_type = forms.ChoiceField(
        label="Media type",
        choices=[("application/json", "application/json")],
        widget=forms.Select(attrs={"data-override": "content-type"}),
    )
    _content = forms.CharField(
        label="Content", required=False, widget=forms.Textarea(attrs={"data-override": "content"})
    )


def _writable(value: Any, schema: Mapping[str, Any]) -> Any:
    """Return a row's value as the row's field takes it: of another row, its id."""
    return value["id"] if isinstance(value, dict) and schema.get("type") == "integer" else value


def documentation() -> ModuleType:
    """Return the module that holds the schema."""
    from api import documentation  # DRF's views import this module, and its views import them

    return documentation
