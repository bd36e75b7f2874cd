"""``/health/live`` and ``/health/ready``, for load balancers and container runtimes."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from monitoring.probes import UNSERVED, report


@require_safe
@never_cache
def live(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """Return 200: the process serves requests. This uses no other service."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """Return 200 if requests can be answered (``degraded``: with what is missing, and why).

    503 without PostgreSQL, and while the server is about to stop.
    """
    found = report()
    return JsonResponse(found._asdict(), status=503 if found.status in UNSERVED else 200)
