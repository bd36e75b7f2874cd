"""Every error under /api/ is answered as a problem, never as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import DisallowedHost
from django.http.response import HttpResponseRedirectBase
from django.urls import is_valid_path

from api.negotiation import is_page
from api.problems.exceptions import CONTENT_TYPE
from api.problems.handler import problem_of, problem_response
from api.problems.mapping import translate
from core.conf import API_PREFIX
from core.request_id import request_id
from core.security import HTTPS_REQUIRED, lacks_https

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

OF_THE_BODY = {"content-type", "content-length", "content-encoding", "content-language", "etag"}


class ProblemMiddleware:
    """Turn Django's own error pages under /api/ into problems.

    DRF's exception handler sees what views raise. This sees the rest: unknown addresses, a wrong
    Host, errors of middleware, bugs (500, logged by Django with their traceback), and with DEBUG the
    technical pages. It is outside of all middleware that can fail.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(API_PREFIX):
            return self.get_response(request)
        if _lacks_slash(request):
            detail = f"There is nothing at {request.path}, but at {request.path}/ there is."
            return problem_response(404, detail)
        response = self.get_response(request)
        if isinstance(response, HttpResponseRedirectBase):
            del response["Content-Type"]  # it has no content
        if response.status_code < 400 or response.get("Content-Type") == CONTENT_TYPE or is_page(response):
            return response
        return self.as_problem(request, response)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Return the problem for what a view that is not DRF's raises; None for a bug."""
        problem = translate(exception) if request.path_info.startswith(API_PREFIX) else None
        return problem_of(problem) if problem else None

    def as_problem(self, request: HttpRequest, page: HttpResponse) -> HttpResponse:
        """Return the problem that takes the place of a page."""
        kept = {name: value for name, value in page.items() if name.lower() not in OF_THE_BODY}
        response = problem_response(page.status_code, _detail(request, page.status_code), headers=kept)
        response.cookies = page.cookies
        response._has_been_logged = getattr(page, "_has_been_logged", False)  # type: ignore[attr-defined]  # Django's own mark
        return response


def _lacks_slash(request: HttpRequest) -> bool:
    """Return whether a request that is not to be redirected misses the slash of its address.

    A redirect would lose the body. GET and HEAD are redirected by CommonMiddleware.
    """
    if request.method in {"GET", "HEAD"} or request.path_info.endswith("/"):
        return False
    return not is_valid_path(request.path_info) and bool(is_valid_path(f"{request.path_info}/"))


def _detail(request: HttpRequest, status: int) -> str:
    match status:
        case 400:
            return "The request is malformed." if _host_allowed(request) else "This host is not served here."
        case 403:
            return HTTPS_REQUIRED if lacks_https(request) else "This is not allowed."
        case 404:
            return f"There is nothing at {request.path}."
        case 405:
            return f"{request.method} is not possible here."
        case 411:
            return "A body needs a Content-Length here: this server does not decode chunks."
        case 413:
            return "The body is too large."
        case 503:
            return "The database is unavailable."
    if status >= 500:
        return f"Something failed here. It is in the log under the request id {request_id.get()}."
    return "The request was refused."


def _host_allowed(request: HttpRequest) -> bool:
    try:
        request.get_host()
    except DisallowedHost:
        return False
    return True
