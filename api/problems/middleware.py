"""Every error under /api/ is answered as a problem, never as a page."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from django.contrib.messages import get_messages
from django.core.exceptions import DisallowedHost
from django.db import Error
from django.http import HttpResponse
from django.http.response import HttpResponseRedirectBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import is_valid_path
from django.views import defaults
from rest_framework import views
from rest_framework.permissions import AllowAny

from api.browsable import as_data
from api.negotiation import FORMAT, PAGE, is_page, selected_format
from api.problems.exceptions import CONTENT_TYPE, Conflict, Unavailable
from api.problems.handler import problem_of, problem_response
from api.problems.mapping import translate
from core.conf import API_PREFIX
from core.request_id import request_id
from core.security import HTTPS_REQUIRED, lacks_https

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from rest_framework.request import Request

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
        problem = _as_problem(request, response)
        return _as_page(request, problem) if problem.status_code == 404 else problem

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Return the problem for what a view that is not DRF's raises; None for a bug.

        Outside /api/, a write that lost a race (a foreign key, a unique constraint, a deadlock) and a
        database that is unavailable are answered by a page.
        """
        is_api = request.path_info.startswith(API_PREFIX)
        if not is_api and not isinstance(exception, Error):
            return None
        problem = translate(exception)
        if is_api:
            return problem_of(problem) if problem else None
        if isinstance(problem, Unavailable):
            return unavailable_page(request, problem)
        if not isinstance(problem, Conflict):
            return None
        list(get_messages(request))  # "saved successfully" is not true, and is not shown
        return render(request, "409.html", status=409)


def server_error(request: HttpRequest) -> HttpResponse:
    """Return the page for an error outside of the views (config/urls.py: handler500).

    A middleware that reads or saves the session finds the database unavailable, too.
    """
    error = sys.exc_info()[1]
    problem = translate(error) if isinstance(error, Error) else None
    if isinstance(problem, Unavailable):
        return unavailable_page(request, problem)
    return defaults.server_error(request)


def unavailable_page(request: HttpRequest, problem: Unavailable) -> HttpResponse:
    """Return the page that says that the database is unavailable, made without it."""
    text = render_to_string("503.html", {"here": request.path})
    return HttpResponse(text, status=503, headers=problem.headers)


def _lacks_slash(request: HttpRequest) -> bool:
    """Return whether a request that is not to be redirected misses the slash of its address.

    A redirect would lose the body. GET and HEAD are redirected by CommonMiddleware.
    """
    if request.method in {"GET", "HEAD"} or request.path_info.endswith("/"):
        return False
    return not is_valid_path(request.path_info) and bool(is_valid_path(f"{request.path_info}/"))


def _as_problem(request: HttpRequest, page: HttpResponse) -> HttpResponse:
    kept = {name: value for name, value in page.items() if name.lower() not in OF_THE_BODY}
    response = problem_response(page.status_code, _detail(request, page.status_code), headers=kept)
    response.cookies = page.cookies
    response._has_been_logged = getattr(page, "_has_been_logged", False)  # type: ignore[attr-defined]  # Django's own mark
    return response


class _UnknownAddress(views.APIView):
    """Shows a browser the problem in a page like those of the addresses that there are."""

    permission_classes = [AllowAny]
    throttle_classes = []
    problem = HttpResponse()

    def get(self, request: Request) -> HttpResponse:  # noqa: ARG002
        return as_data(self.problem)


def _as_page(request: HttpRequest, problem: HttpResponse) -> HttpResponse:
    page_asked = FORMAT not in request.GET and selected_format(request.META.get("HTTP_ACCEPT")) == PAGE
    if request.method != "GET" or not page_asked:
        return problem
    page: Any = _UnknownAddress.as_view(problem=problem)(request)
    page.render()
    page._has_been_logged = True  # Django's own mark
    return page  # type: ignore[no-any-return]


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
