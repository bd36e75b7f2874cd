"""Pages: ``count``, ``next``, ``previous``, ``results``.

``next`` and ``previous`` are addresses from the root, ``/api/v1/courses/?page=2``. With a host in them
a cached page would be wrong for a client that comes by another host.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from rest_framework.exceptions import NotFound
from rest_framework.pagination import PageNumberPagination
from rest_framework.response import Response

from api.fields import IntegerField
from api.openapi.descriptions import TEXTS
from api.query import QuerySerializer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rest_framework.request import Request

PAGE_SIZE = 20
MAX_PAGE_SIZE = 100
MAX_PAGE = 2**31 - 1


class PageQuery(QuerySerializer):
    """The parameters of a list. A list with filters adds them in a subclass."""

    page = IntegerField(min_value=1, max_value=MAX_PAGE, default=1, help_text="Which page, from 1.")
    page_size = IntegerField(
        min_value=1, max_value=MAX_PAGE_SIZE, default=PAGE_SIZE, help_text="How many results on a page."
    )


class Page(NamedTuple):
    """The page that a request selects: the ``number``-th, from 1, of ``size`` rows."""

    number: int = 1
    size: int = PAGE_SIZE


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
    """Return a page as plain data.

    Args:
        path: where the list is (``reverse("course-list")``).
        params: its filters and order, which the links repeat; those that are None are left out.
    """
    last = max(1, math.ceil(count / page.size))
    return {
        "count": count,
        "next": _link(path, params, page, page.number + 1) if page.number < last else None,
        "previous": _link(path, params, page, page.number - 1) if page.number > 1 else None,
        results_key: results,
    }


def _link(path: str, params: Mapping[str, object] | None, page: Page, number: int) -> str:
    query = {name: value for name, value in sorted((params or {}).items()) if value is not None}
    query["page"] = number
    if page.size != PAGE_SIZE:
        query["page_size"] = page.size
    return f"{path}?{urlencode(query)}"


class Pagination(PageNumberPagination):
    """DRF's pages, with the links of ``envelope``. The view's ``query`` says which page."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """Return the rows of the page: two queries, one for an empty table.

        Raises:
            NotFound: 404 for a page past the last. The first page always exists.
        """
        self.path, self.given = request.path, request.query_params
        self.selected = Page(view.query["page"], view.query["page_size"])
        self.count = queryset.count()
        check_exists(self.selected, self.count)
        return self.get_rows(queryset) if self.count else []

    def get_rows(self, queryset: Any) -> list[Any]:
        """Return the rows of the selected page."""
        start = (self.selected.number - 1) * self.selected.size
        return list(queryset[start : start + self.selected.size])

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        results = {**schema, "description": TEXTS["fields"]["results"]}
        return {**TEXTS["page"], "properties": {**TEXTS["page"]["properties"], "results": results}}

    def get_paginated_response(self, data: Sequence[Any]) -> Response:
        params = {name: self.given[name] for name in self.given if name not in {"page", "page_size"}}
        return Response(envelope(data, page=self.selected, count=self.count, path=self.path, params=params))
