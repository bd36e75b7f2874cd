"""What the project's API views have in common."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from rest_framework import views
from rest_framework.exceptions import APIException
from rest_framework.response import Response

from api.negotiation import is_page
from api.problems.exceptions import CONTENT_TYPE
from api.query import NoQuery, QuerySerializer, parse_query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpResponse
    from rest_framework.request import Request

JSON_TYPES = {"application/json", CONTENT_TYPE}


class StrictQuery:
    """A mixin for views: query parameters are declared, and others refused.

    Attributes:
        query_serializers: what each action takes, by the action's name.
        query: the values of this request, by name.
    """

    query_serializers: ClassVar[Mapping[str, type[QuerySerializer]]] = {}
    query: dict[str, Any]

    def get_query_serializer_class(self) -> type[QuerySerializer]:
        """Return what the action of this request takes. A view without actions takes no parameter."""
        return self.query_serializers.get(getattr(self, "action", ""), NoQuery)

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
        method = str(request.method)
        if method != "OPTIONS" and hasattr(self, method.lower()):  # else the answer is 405
            self.query = parse_query(request, self.get_query_serializer_class())

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the response, for a browser as data that the page shows."""
        shown = as_data(response) if is_page(request) else response
        return super().finalize_response(request, shown, *args, **kwargs)  # type: ignore[misc]  # the view's


def as_data(response: HttpResponse) -> HttpResponse:
    """Return a response with JSON as one of DRF's, which a page can show; any other as it is."""
    if isinstance(response, Response) or response.headers.get("Content-Type") not in JSON_TYPES:
        return response
    headers = {name: value for name, value in response.items() if name != "Content-Type"}
    return Response(json.loads(response.content), status=response.status_code, headers=headers)


class APIView(StrictQuery, views.APIView):
    """DRF's, with strict query parameters."""
