"""Request bodies that come without a Content-Length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.handlers.wsgi import LimitedStream, WSGIRequest
from django.http import HttpResponse, UnreadablePostError

from core.conf import SAFE_METHODS

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest


class RequestBodyMiddleware:
    """Read a body of unstated length (chunked, HTTP/2), and state its length.

    Django and DRF take a missing Content-Length for an empty body, so such a request would succeed and
    change nothing. gunicorn, granian and ASGI servers mark where the body ends; the development server
    does not decode chunks: there the answer is 411.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_chunked = "HTTP_TRANSFER_ENCODING" in request.META
        if not request.META.get("CONTENT_LENGTH") and (is_chunked or request.method not in SAFE_METHODS):
            status = _state_length(request)
            if status == 411 and is_chunked:
                return HttpResponse("Content-Length is required.", status=411, content_type="text/plain")
            if status in {400, 413}:
                return HttpResponse("The body cannot be read.", status=status, content_type="text/plain")
        return self.get_response(request)


def _state_length(request: HttpRequest) -> int:
    """Read the body, at most DATA_UPLOAD_MAX_MEMORY_SIZE bytes. Return 200, or the status of a refusal."""
    if isinstance(request, WSGIRequest):
        if not request.environ.get("wsgi.input_terminated"):
            return 411
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1
        stream: Any = LimitedStream(request.environ["wsgi.input"], limit)
        request._stream = stream
    try:
        request.META["CONTENT_LENGTH"] = str(len(request.body))
    except RequestDataTooBig:
        return 413
    except UnreadablePostError:
        return 400
    return 200
