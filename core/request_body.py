"""Request bodies that come without a Content-Length."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.handlers.wsgi import LimitedStream, WSGIRequest
from django.http import HttpResponse

from core.conf import SAFE_METHODS

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

logger = logging.getLogger(__name__)


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
        is_unstated = not request.META.get("CONTENT_LENGTH") and request.method not in SAFE_METHODS
        if not is_chunked and not is_unstated:
            return self.get_response(request)
        if isinstance(request, WSGIRequest) and not _open_stream(request):
            return _refusal(411) if is_chunked else self.get_response(request)
        try:
            request.META["CONTENT_LENGTH"] = str(len(request.body))
        except RequestDataTooBig:
            return _refusal(413)
        except Exception as error:  # noqa: BLE001  (each server has its own, for a chunk that is none)
            logger.info("A request body cannot be read: %r", error)
            return _refusal(400)
        return self.get_response(request)


def _open_stream(request: WSGIRequest) -> bool:
    """Let the request read to the end that the server marks. Return False if it marks none."""
    if not request.environ.get("wsgi.input_terminated"):
        return False
    stream: Any = LimitedStream(request.environ["wsgi.input"], settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
    request._stream = stream
    return True


def _refusal(status: int) -> HttpResponse:
    return HttpResponse(f"{HTTPStatus(status).phrase}.", status=status, content_type="text/plain")
