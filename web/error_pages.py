"""Every error is answered: under /api/ by a problem, which a browser gets as a page, elsewhere by a page."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from django.contrib.messages import get_messages
from django.db import Error
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views import defaults
from rest_framework.permissions import AllowAny
from rest_framework.views import APIView

from api.negotiation import FORMAT, PAGE, selected_format
from api.problems.exceptions import Conflict, Unavailable
from api.problems.mapping import translate
from api.problems.middleware import ProblemMiddleware
from api.views import as_data
from core.conf import API_PREFIX

if TYPE_CHECKING:
    from django.http import HttpRequest
    from rest_framework.request import Request


class ErrorMiddleware(ProblemMiddleware):
    """Answer by a page what ProblemMiddleware leaves, and an address that a browser finds nothing at."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Return what a view's error is answered with; None for a bug.

        Outside /api/, a write that lost a race (a foreign key, a unique constraint, a deadlock) and a
        database that is unavailable are answered by a page.
        """
        if request.path_info.startswith(API_PREFIX) or not isinstance(exception, Error):
            return super().process_exception(request, exception)
        problem = translate(exception)
        if isinstance(problem, Unavailable):
            return unavailable_page(request, problem)
        if not isinstance(problem, Conflict):
            return None
        list(get_messages(request))  # "saved successfully" is not true, and is not shown
        return render(request, "409.html", status=409)

    def as_problem(self, request: HttpRequest, page: HttpResponse) -> HttpResponse:
        problem = super().as_problem(request, page)
        if problem.status_code != 404 or request.method != "GET" or FORMAT in request.GET:
            return problem
        if selected_format(request.META.get("HTTP_ACCEPT")) != PAGE:
            return problem
        shown: Any = _UnknownAddress.as_view(problem=problem)(request)
        shown.render()
        shown._has_been_logged = True  # Django's own mark
        return shown  # type: ignore[no-any-return]


class _UnknownAddress(APIView):
    """Shows a browser the problem in a page like those of the addresses that there are."""

    permission_classes = [AllowAny]
    throttle_classes = []
    problem = HttpResponse()

    def get(self, request: Request) -> HttpResponse:  # noqa: ARG002
        return as_data(self.problem)


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
