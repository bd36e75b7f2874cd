"""One line and one observation for each response."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from django.utils.functional import SimpleLazyObject

from core.access_log import log_response
from core.metrics import note_breakers, observe_response
from monitoring import audit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.http import HttpRequest, HttpResponse

NO_ROUTE = NO_CACHE = "-"
REFUSED = {401, 403, 429}


class Response(NamedTuple):
    """What is counted and logged of a response."""

    method: str
    route: str
    status: int
    seconds: float
    x_cache: str


class AccessMiddleware:
    """Write the access log, count responses, and audit refusals."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        found = Response(
            method=request.method or "",
            route=request.resolver_match.route if request.resolver_match else NO_ROUTE,
            status=response.status_code,
            seconds=time.perf_counter() - began,
            x_cache=response.headers.get("X-Cache", NO_CACHE),
        )
        size = None if response.streaming else len(response.content)
        observe(found, request.META, size, user_id_of(request))
        return response


class Answered(Protocol):
    """A response that the edge has made (edge/answering.py)."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> list[tuple[str, str]]: ...
    @property
    def body(self) -> bytes: ...


def observe_edge(meta: Mapping[str, Any], route: str, answer: Answered, seconds: float) -> None:
    """Do the same for a response that the edge has made: Django does not see it."""
    x_cache = next((value for name, value in answer.headers if name == "X-Cache"), NO_CACHE)
    found = Response(meta["REQUEST_METHOD"], route, answer.status, seconds, x_cache)
    observe(found, meta, len(answer.body), None)


def observe(response: Response, meta: Mapping[str, Any], size: int | None, user_id: int | None) -> None:
    """Count a response, log it, and audit a refusal."""
    response = response._replace(route=response.route.rstrip("$"))
    fields = response._asdict()
    observe_response(**fields)
    log_response(**fields, path=meta.get("PATH_INFO", ""), user_id=user_id, size=size)
    note_breakers()
    if response.status in REFUSED:
        audit.log_refusal(response, meta, user_id)


def user_id_of(request: HttpRequest) -> int | None:
    """Return the id of the user, if the request has been authenticated. This makes no query."""
    user = vars(request).get("user")
    if user is None or isinstance(user, SimpleLazyObject):
        user = vars(request).get("_cached_user")
    found: int | None = getattr(user, "pk", None)
    return found
