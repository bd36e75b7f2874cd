"""Counters by cached thing: exact within the process, summed over all processes in Redis.

Counting is an addition under a lock. What has been counted is added to one hash in Redis every few
seconds, by whoever counts next, and when the process ends.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections import Counter

from caching.errors import RedisUnavailable
from caching.keys import declared_name
from caching.store import get_store

KEY = "caching:stats"
KEY_TTL_SECONDS = 30 * 86_400
FLUSH_INTERVAL_SECONDS = 5.0

# What is counted of each thing.
NAMES = ("hits", "misses", "collapsed", "bypasses", "refused_fills", "invalidations")
# Counted under COMMITS: how many fenced something, how many could not, and how long fencing took.
COMMITS = "commits"
COMMIT_NAMES = ("fenced", "outboxed", "fence_microseconds")

_lock = threading.Lock()
_counts: Counter[str] = Counter()
_next_flush = time.monotonic() + FLUSH_INTERVAL_SECONDS


def count(thing: str, name: str, amount: int = 1) -> None:
    """Add to one of ``NAMES`` of a thing."""
    with _lock:
        _counts[f"{thing} {name}"] += amount
        due = time.monotonic() > _next_flush
    if due:
        flush()


def flush() -> None:
    """Add this process's counts to the sums in Redis, or keep them while it is away."""
    global _counts, _next_flush
    with _lock:
        counts, _counts = _counts, Counter()
        _next_flush = time.monotonic() + FLUSH_INTERVAL_SECONDS
    if not counts:
        return
    try:
        get_store().commands(
            *(("HINCRBY", KEY, field, amount) for field, amount in counts.items()),
            ("EXPIRE", KEY, KEY_TTL_SECONDS),
        )
    except RedisUnavailable:
        with _lock:
            _counts.update(counts)


def totals() -> dict[str, dict[str, int]]:
    """The sums over all processes since the cache's Redis was last cleared, by thing and name.

    Raises:
        RedisUnavailable: Redis does not answer.
    """
    flush()
    flat = get_store().command("HGETALL", KEY)
    totals: dict[str, dict[str, int]] = {}
    for field, amount in zip(flat[::2], flat[1::2], strict=True):
        node, _, name = field.decode().rpartition(" ")
        thing = declared_name(node)
        names = COMMIT_NAMES if thing == COMMITS else NAMES
        totals.setdefault(thing, dict.fromkeys(names, 0))[name] = int(amount)
    return dict(sorted(totals.items()))


def _begin_anew() -> None:
    """In a forked process: what its parent has counted is its parent's, and so is who holds the lock."""
    global _lock, _counts
    _lock, _counts = threading.Lock(), Counter()


atexit.register(flush)
os.register_at_fork(after_in_child=_begin_anew)
