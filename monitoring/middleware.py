"""One line and one observation for each response."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from core.access_log import log_response
from core.metrics import note_breakers, observe_response
from monitoring import audit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.http import HttpResponse

NO_ROUTE = "-"
REFUSED = {401, 403, 429}


class Answer(Protocol):
    """A response of the edge."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> list[tuple[str, str]]: ...
    @property
    def body(self) -> bytes: ...


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
        _note(method, route, status, seconds, x_cache, size, user_id)
        note_breakers()
        if status in REFUSED:
            audit.log_refusal(request, status=status, route=route, user_id=user_id)
        return response


def note_edge_answer(meta: Mapping[str, Any], route: str, answer: Answer, seconds: float) -> None:
    """Do the same for a request that the edge has answered, given its WSGI variables."""
    x_cache = dict(answer.headers).get("X-Cache", "-")
    _note(meta["REQUEST_METHOD"], route, answer.status, seconds, x_cache, len(answer.body), None)
    if answer.status in REFUSED:
        request = HttpRequest()
        request.META, request.method = dict(meta), meta["REQUEST_METHOD"]
        audit.log_refusal(request, status=answer.status, route=route, user_id=None)


def _note(
    method: str, route: str, status: int, seconds: float, x_cache: str, size: int | None, user_id: int | None
) -> None:
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


def user_id_of(request: HttpRequest) -> int | None:
    """Return the id of the user, if the request has been authenticated. This makes no query."""
    user = vars(request).get("user")
    if user is None or isinstance(user, SimpleLazyObject):
        user = vars(request).get("_cached_user")
    found: int | None = getattr(user, "pk", None)
    return found
