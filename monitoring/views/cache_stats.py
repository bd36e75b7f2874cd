"""The cache's counters, as JSON for staff."""

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response

from api.problems.exceptions import Unavailable
from api.views import APIView
from caching import metrics as counters
from caching.errors import RedisUnavailable

_counters = serializers.DictField(
    child=serializers.IntegerField(), help_text="Writes by how their values were invalidated."
)


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
                "things": serializers.DictField(
                    child=serializers.DictField(),
                    help_text="For each kind of cached value: hits, misses and the like, and the hit rate.",
                ),
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
