"""Counters for each declaration: exact within the process, summed over all processes in Redis.

Counting is an addition under a lock. Every few seconds, and when the process ends, the counts are added
to one hash in Redis.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections import Counter

from caching.errors import RedisUnavailable
from caching.gateway import get_gateway
from caching.keys import declared_name

KEY = "caching:stats"
KEY_TTL_SECONDS = 30 * 86_400
FLUSH_INTERVAL_SECONDS = 5.0

# The counters of each declaration.
NAMES = ("hits", "misses", "collapsed", "bypasses", "refused_fills", "invalidations")
# The counters of COMMITS: how many set fences, how many could not, and how long it took.
COMMITS = "commits"
COMMIT_NAMES = ("fenced", "outboxed", "fence_microseconds")

_lock = threading.Lock()
_counts: Counter[str] = Counter()
_next_flush = time.monotonic() + FLUSH_INTERVAL_SECONDS


def count(key: str, name: str, amount: int = 1) -> None:
    """Add to the counter ``name``, one of ``NAMES``, of the declaration with this key."""
    with _lock:
        _counts[f"{key} {name}"] += amount
        due = time.monotonic() > _next_flush
    if due:
        flush()


def flush() -> None:
    """Add the counts of this process to the sums in Redis, or keep them while Redis is unavailable."""
    global _counts, _next_flush
    with _lock:
        counts, _counts = _counts, Counter()
        _next_flush = time.monotonic() + FLUSH_INTERVAL_SECONDS
    if not counts:
        return
    try:
        get_gateway().commands(
            *(("HINCRBY", KEY, field, amount) for field, amount in counts.items()),
            ("EXPIRE", KEY, KEY_TTL_SECONDS),
        )
    except RedisUnavailable:
        with _lock:
            _counts.update(counts)


def totals() -> dict[str, dict[str, int]]:
    """Return the sums over all processes since the cache's Redis was last cleared, by key and name.

    Raises:
        RedisUnavailable: Redis does not answer.
    """
    flush()
    flat = get_gateway().commands(("HGETALL", KEY))[0]
    totals: dict[str, dict[str, int]] = {}
    for field, amount in zip(flat[::2], flat[1::2], strict=True):
        node, _, name = field.decode().rpartition(" ")
        key = declared_name(node)
        names = COMMIT_NAMES if key == COMMITS else NAMES
        totals.setdefault(key, dict.fromkeys(names, 0))[name] = int(amount)
    return dict(sorted(totals.items()))


def _begin_again() -> None:
    """In a forked process, begin with no counts and a new lock: the old ones are the parent's."""
    global _lock, _counts
    _lock, _counts = threading.Lock(), Counter()


atexit.register(flush)
os.register_at_fork(after_in_child=_begin_again)
