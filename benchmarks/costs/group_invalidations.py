"""Invalidate groups in a Redis with a million keys, compared with django-redis' ``delete_pattern``."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator

import redis
from django.conf import settings
from django.db import transaction
from django_redis.cache import RedisCache

from benchmarks.costs.measure import Cost, milliseconds
from benchmarks.history.contestants import current

KEYS, PAGES, REPETITIONS = 1_000_000, 500, 15
MAX_MS = 1.0

# A script writes a million keys faster than a client.
FILL = """
for n = tonumber(ARGV[1]), tonumber(ARGV[2]) do
  redis.call('SET', KEYS[1] .. n, '{"nonce":"x","tags":[]}', 'PX', 3600000)
end
"""


def costs() -> Iterator[Cost]:
    cache = RedisCache(settings.REDIS_URL, {})  # without the settings' timeout, which it would exceed
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        fill(client, ":1:ledger:detail:", KEYS)
        fill(client, ":1:pages:", PAGES)
        pages = milliseconds(lambda: cache.delete_pattern("pages:*"))
        yield _cost("a family is invalidated", _invalidate_family, pages)
        details = milliseconds(lambda: cache.delete_pattern("ledger:detail:*"))
        fill(client, ":1:ledger:detail:", KEYS)
        yield _cost("a pattern is invalidated", _invalidate_pattern, details)
        client.flushdb()


def fill(client: redis.Redis, prefix: str, keys: int) -> None:
    for first in range(0, keys, 50_000):
        client.eval(FILL, 1, prefix, first, min(keys, first + 50_000) - 1)


def _invalidate_family() -> float:
    product = current()
    for n in range(PAGES):
        product.pages.get(group=0, order="pk" if n % 2 else "-pk")
    return milliseconds(lambda: _commit(product.pages.invalidate_all))


def _invalidate_pattern() -> float:
    product = current()
    product.details.get(pk=1)
    return milliseconds(lambda: _commit(product.details.invalidate_all))


def _commit(invalidate: Callable[[], None]) -> None:
    """Set fences, send an empty COMMIT, lift the fences."""
    with transaction.atomic():
        invalidate()


def _cost(what: str, invalidate: Callable[[], float], delete_pattern: float) -> Cost:
    invalidate()  # warm
    ours = statistics.median(invalidate() for _ in range(REPETITIONS))
    return Cost(
        f"{what}, {KEYS:,} keys in Redis",
        ours,
        {"delete_pattern": delete_pattern},
        f"≤ {MAX_MS:g} ms",
        ours <= MAX_MS,
    )
