"""``/health/live`` and ``/health/ready``, for load balancers and container runtimes."""

from http import HTTPStatus

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from monitoring.probes import run_checks

# No request can be served without it. Without Redis or workers, responses are slower or mails wait.
REQUIRED = "postgresql"


@require_safe
@never_cache
def live(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """Return 200: the process serves requests. This uses no other service."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """Return 200 if requests can be answered (``degraded``: a service is missing); 503 without PostgreSQL."""
    passed = run_checks()
    checks = {name: "ok" if there else "degraded" for name, there in passed.items()}
    if not passed[REQUIRED]:
        checks[REQUIRED] = "unavailable"
        body = {"status": "unavailable", "checks": checks}
        return JsonResponse(body, status=HTTPStatus.SERVICE_UNAVAILABLE)
    return JsonResponse({"status": "ok" if all(passed.values()) else "degraded", "checks": checks})
