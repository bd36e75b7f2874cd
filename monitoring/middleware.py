"""One line and one observation for each response."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from django.utils.functional import SimpleLazyObject

from core.access_log import log_response
from core.metrics import note_breakers, observe_response
from monitoring import audit

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

NO_ROUTE = "-"
REFUSED = {401, 403, 429}


class AccessMiddleware:
    """Write the access log, count responses, and audit refusals."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - began
        method, status = request.method or "", response.status_code
        route = request.resolver_match.route.rstrip("$") if request.resolver_match else NO_ROUTE
        x_cache = response.headers.get("X-Cache", "-")
        user_id = user_id_of(request)
        size = None if response.streaming else len(response.content)
        observe_response(method=method, route=route, status=status, seconds=seconds, x_cache=x_cache)
        log_response(
            method=method,
            route=route,
            status=status,
            seconds=seconds,
            x_cache=x_cache,
            user_id=user_id,
            size=size,
        )
        note_breakers()
        if status in REFUSED:
            audit.log_refusal(request, status=status, route=route, user_id=user_id)
        return response


def user_id_of(request: HttpRequest) -> int | None:
    """Return the id of the user, if the request has been authenticated. This makes no query."""
    user = vars(request).get("user")
    if user is None or isinstance(user, SimpleLazyObject):
        user = vars(request).get("_cached_user")
    found: int | None = getattr(user, "pk", None)
    return found
