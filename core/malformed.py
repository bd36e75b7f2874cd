"""Pages refuse requests that are made by hand and cannot be served: 400 or 409 in the place of 500."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from django.core.exceptions import BadRequest, FieldError, ValidationError
from django.db import DataError, IntegrityError, ProgrammingError
from django.shortcuts import render

from core.conf import API_PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

logger = logging.getLogger(__name__)

NUL = "\0"  # no text in PostgreSQL can hold it
CONFLICT = 409
# What impossible values raise, when the query is built, when it is executed, or in a template.
INPUT_ERRORS = (
    *(ValueError, TypeError, LookupError, ArithmeticError),
    *(ValidationError, FieldError, DataError, ProgrammingError),
)


class MalformedRequestMiddleware:
    """Refuse NUL in query strings and cookies, and impossible values in query strings of the admin.

    The admin evaluates the look-ups of a query string late, partly in its templates, where an impossible
    value (``?created_at__year=0``) raises an error of almost any kind. It is logged with its traceback,
    so that a bug stays visible. The API under /api/ has its own checks.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(API_PREFIX) and _contains_nul(request):
            raise BadRequest("Text cannot contain the NUL character (0x00).")
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Return the page for an error in the admin that the request caused; None for other errors.

        Raises:
            BadRequest: the query string or the selection of an admin list holds an impossible value.
        """
        match = request.resolver_match
        if match is None or "admin" not in match.app_names:
            return None
        if isinstance(exception, IntegrityError):  # a race: another request deleted or added a row
            logger.warning("An admin page lost a race: %s", exception)
            return render(request, "409.html", status=CONFLICT)
        if isinstance(exception, INPUT_ERRORS) and _selects_rows(request):
            logger.warning("An admin page got a value that it cannot use", exc_info=exception)
            raise BadRequest("A parameter of this page has an impossible value.") from exception
        return None


def _contains_nul(request: HttpRequest) -> bool:
    query = unquote_plus(request.META.get("QUERY_STRING", ""))
    return NUL in query or any(NUL in value for value in request.COOKIES.values())


def _selects_rows(request: HttpRequest) -> bool:
    """Return whether the client chose by parameters what the page is about."""
    name = request.resolver_match.url_name if request.resolver_match else None
    return bool(request.GET) or (request.method == "POST" and str(name).endswith("_changelist"))
