"""Pages: ``count``, ``next``, ``previous``, ``results``.

``next`` and ``previous`` are addresses from the root, ``/api/v1/courses/?page=2``. A host would make
a page that one caller put into the cache wrong for another who comes by a different host.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.pagination import BasePagination
from rest_framework.response import Response

from api.params import Integer, parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.db.models import QuerySet
    from rest_framework.request import Request
    from rest_framework.views import APIView

PAGE_SIZE = 20
PARAMETERS = {"page": Integer(1, 2**31 - 1, default=1), "page_size": Integer(1, 100, default=PAGE_SIZE)}


class Page(NamedTuple):
    """Which page is asked for: the ``number``-th, from 1, of ``size`` rows."""

    number: int = 1
    size: int = PAGE_SIZE


def parse_page(query_params: Mapping[str, str]) -> Page:
    """The page that a query string asks for.

    Raises:
        Problem: 400 for what is not a page number or size, with what is.
    """
    values = parse(query_params, PARAMETERS)
    return Page(values["page"], values["page_size"])


def rows_of(queryset: QuerySet[Any], page: Page) -> tuple[int, list[Any]]:
    """How many rows there are, and those of the page: two queries, one for an empty table.

    Raises:
        NotFound: 404 for a page past the last. The first page is always there.
    """
    count = queryset.count()
    check_exists(page, count)
    start = (page.number - 1) * page.size
    return count, list(queryset[start : start + page.size]) if count else []


def check_exists(page: Page, count: int) -> None:
    """Raise NotFound (404) if ``count`` rows do not reach to the page."""
    last = max(1, math.ceil(count / page.size))
    if page.number > last:
        raise NotFound(f"There is no page {page.number}: the last one is {last}.")


def envelope(
    results: Sequence[Any],
    *,
    page: Page,
    count: int,
    path: str,
    params: Mapping[str, object] | None = None,
    results_key: str = "results",
) -> dict[str, Any]:
    """A page as plain data.

    ``path`` is where the list is (``reverse("course-list")``), ``params`` its filters and order, which
    the links repeat; those that are None are left out.
    """
    last = max(1, math.ceil(count / page.size))
    return {
        "count": count,
        "next": _link(path, params, page, page.number + 1) if page.number < last else None,
        "previous": _link(path, params, page, page.number - 1) if page.number > 1 else None,
        results_key: results,
    }


class PageSerializer(serializers.Serializer[Any]):
    """A page of a list."""

    count = serializers.IntegerField()
    next = serializers.CharField(allow_null=True, help_text="Address of the next page, from the root.")
    previous = serializers.CharField(allow_null=True, help_text="Address of the previous page.")


def _link(path: str, params: Mapping[str, object] | None, page: Page, number: int) -> str:
    query = {name: value for name, value in sorted((params or {}).items()) if value is not None}
    query["page"] = number
    if page.size != PAGE_SIZE:
        query["page_size"] = page.size
    return f"{path}?{urlencode(query)}"


class Pagination(BasePagination):
    """The same pages for DRF's list views. A subclass may name another ``results_key``."""

    results_key = "results"

    def paginate_queryset(
        self,
        queryset: Any,
        request: Request,
        view: APIView | None = None,  # noqa: ARG002
    ) -> list[Any]:
        self.request = request
        self.page = parse_page(request.query_params)
        self.count, rows = rows_of(queryset, self.page)
        return rows

    def get_paginated_response(self, data: Sequence[Any]) -> Response:
        given = self.request.query_params
        params = {name: given[name] for name in given if name not in PARAMETERS}
        return Response(
            envelope(
                data,
                page=self.page,
                count=self.count,
                path=self.request.path,
                params=params,
                results_key=self.results_key,
            )
        )

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "format": "uri-reference", "nullable": True}
        return {
            "type": "object",
            "required": ["count", "next", "previous", self.results_key],
            "properties": {
                "count": {"type": "integer", "example": 42},
                "next": {**link, "example": "/api/v1/courses/?page=3"},
                "previous": {**link, "example": "/api/v1/courses/?page=1"},
                self.results_key: schema,
            },
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:  # noqa: ARG002
        return [
            {"name": name, "in": "query", "required": False, "schema": {**p.schema, "default": p.default}}
            for name, p in PARAMETERS.items()
        ]
