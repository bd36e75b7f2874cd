"""One line and one observation for each response."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.utils.functional import SimpleLazyObject

from monitoring.responses import note_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

NO_ROUTE = "-"


class AccessMiddleware:
    """Write the access log, count responses, and audit refusals."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - began
        note_response(
            request.META,
            route=request.resolver_match.route.rstrip("$") if request.resolver_match else NO_ROUTE,
            status=response.status_code,
            seconds=seconds,
            x_cache=response.headers.get("X-Cache", "-"),
            user_id=user_id_of(request),
            size=None if response.streaming else len(response.content),
        )
        return response


def user_id_of(request: HttpRequest) -> int | None:
    """Return the id of the user, if the request has been authenticated. This makes no query."""
    user = vars(request).get("user")
    if user is None or isinstance(user, SimpleLazyObject):
        user = vars(request).get("_cached_user")
    found: int | None = getattr(user, "pk", None)
    return found
