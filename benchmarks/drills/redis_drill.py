"""What all drills of Redis have in common."""

from __future__ import annotations

import os
from collections.abc import Callable

from benchmarks.drills.drill import Drill
from config.addresses import with_database

PASSWORD = "a@b/c"
QUOTED = "a%40b%2Fc"
# One request may wait for the Redis of the rate limits and for that of the cache.
MAX_REQUEST_MS = 1_500


def redis_drill(
    environment: dict[str, str],
    begin: Callable[[], object] = lambda: None,
    end: Callable[[], object] | None = None,
    *,
    hits: bool | None = True,
    max_request_ms: float = MAX_REQUEST_MS,
) -> Drill:
    """Return a drill in which every request must be answered with 200, and soon."""
    return Drill(environment, begin, end, hits=hits, max_request_ms=max_request_ms, is_of_redis=True)


def broker() -> str:
    """Return the address of a broker that the drill leaves alone."""
    return with_database(os.environ["REDIS_URL"], 0)
