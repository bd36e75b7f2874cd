"""A hit, compared with redis-py's plain GET of the same value."""

from __future__ import annotations

from collections.abc import Iterator

import redis
from django.conf import settings

from benchmarks.costs.measure import Cost, medians
from benchmarks.history.contestants import current

ROUNDS, REPEAT = 60, 100
MAX_RATIO = 1.3


def costs() -> Iterator[Cost]:
    product = current()
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        body = product.details.get(pk=1).body
        client.set("raw", body)
        page = product.pages.get(group=0, order="pk").body
        client.set("raw page", page)
        actions = {
            "GET": lambda: client.get("raw"),
            "Cached": lambda: product.details.get(pk=1),
            "GET page": lambda: client.get("raw page"),
            "CachedFamily": lambda: product.pages.get(group=0, order="pk"),
        }
        medians(actions, rounds=3, repeat=REPEAT)  # warm
        found = medians(actions, rounds=ROUNDS, repeat=REPEAT)
    yield _cost("HIT of Cached", found["Cached"], found["GET"])
    yield _cost("HIT of CachedFamily", found["CachedFamily"], found["GET page"])


def _cost(what: str, ours: float, raw: float) -> Cost:
    ratio = ours / raw
    return Cost(what, ours, {"redis-py GET": raw}, f"≤ {MAX_RATIO} × ({ratio:.2f} ×)", ratio <= MAX_RATIO)
