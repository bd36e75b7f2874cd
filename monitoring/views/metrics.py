"""``/metrics`` for Prometheus, closed to the public."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe

from monitoring.metrics import CONTENT_TYPE, exposition

LOOPBACK = ("127.0.0.1", "::1")
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Return all metrics: to the holder of METRICS_TOKEN; where none is set, to this machine only.

    Raises:
        Http404: METRICS_ENABLED is off.
    """
    if not settings.METRICS_ENABLED:
        raise Http404("Metrics are off: METRICS_ENABLED=1 turns them on.")
    if not may_read(request.META.get("HTTP_AUTHORIZATION", ""), is_local=_is_local(request)):
        headers = {"WWW-Authenticate": "Bearer"}
        return HttpResponse("Metrics need the token of METRICS_TOKEN.\n", status=401, headers=headers)
    return HttpResponse(exposition(), content_type=CONTENT_TYPE)


def may_read(authorization: str, *, is_local: bool) -> bool:
    """Return whether the header has the token; where none is set, whether the request is local."""
    if not settings.METRICS_TOKEN:
        return is_local
    return constant_time_compare(authorization, f"Bearer {settings.METRICS_TOKEN}")


def _is_local(request: HttpRequest) -> bool:
    """Return whether the request is from this machine, and not from a proxy on it."""
    is_forwarded = any(name in request.META for name in FORWARDED)
    return request.META.get("REMOTE_ADDR") in LOOPBACK and not is_forwarded
