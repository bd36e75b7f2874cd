"""The cache's counters: as JSON for staff, and in Prometheus' text format for a scraper."""

from collections.abc import Iterator

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response

from api.problems.exceptions import Unavailable
from api.views import APIView
from caching import metrics as counters
from caching.errors import RedisUnavailable

TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"
_counters = serializers.DictField(child=serializers.IntegerField())


class StatsView(APIView):
    permission_classes = [IsAdminUser]

    @extend_schema(
        operation_id="cache_stats",
        summary="The cache's counters",
        description="Sums over all processes, by declaration; other processes' last seconds are missing.",
        responses=inline_serializer(
            "CacheStats",
            {
                "commits": _counters,
                "things": serializers.DictField(child=serializers.DictField()),
            },
        ),
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        try:
            things = counters.totals()
        except RedisUnavailable:
            raise Unavailable("Redis does not answer, so there are no counters.") from None
        commits = things.pop(counters.COMMITS, dict.fromkeys(counters.COMMIT_NAMES, 0))
        return Response({"commits": commits, "things": {k: _with_percent(v) for k, v in things.items()}})


def _with_percent(counted: dict[str, int]) -> dict[str, float | None]:
    reads = sum(counted[name] for name in ("hits", "misses", "collapsed", "bypasses"))
    return {**counted, "hit_percent": round(100 * counted["hits"] / reads, 1) if reads else None}


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Return the counters in Prometheus' text format; 503 while Redis does not answer.

    Raises:
        Http404: METRICS_ENABLED is off.
    """
    if not settings.METRICS_ENABLED:
        raise Http404("Metrics are off: METRICS_ENABLED=1 turns them on.")
    try:
        lines = list(_lines(counters.totals()))
    except RedisUnavailable:
        return HttpResponse("# Redis does not answer\n", status=503, content_type=TEXT_FORMAT)
    return HttpResponse("\n".join(lines) + "\n", content_type=TEXT_FORMAT)


def _lines(totals: dict[str, dict[str, int]]) -> Iterator[str]:
    commits = totals.pop(counters.COMMITS, {})
    for name in counters.NAMES:
        metric = f"syllabus_cache_{name}_total"
        yield f"# TYPE {metric} counter"
        yield from (f'{metric}{{thing="{thing}"}} {counted[name]}' for thing, counted in totals.items())
    for name in counters.COMMIT_NAMES:
        metric = f"syllabus_cache_commit_{name}_total"
        yield f"# TYPE {metric} counter"
        yield f"{metric} {commits.get(name, 0)}"
