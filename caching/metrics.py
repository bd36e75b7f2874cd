"""Counters for each declaration: exact within the process, summed over all processes in Redis.

Counting is an addition under a lock. Every few seconds, and when the process ends, the counts are added
to one hash in Redis, and to one for the present part of each window of time.
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
# For counts of the last hour and of the last day: the seconds of a part, and the number of parts.
WINDOWS = {"hour": (600, 6), "day": (3600, 24)}

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
    keys = {KEY: KEY_TTL_SECONDS} | {
        _part(window, 0): seconds * (number + 1) for window, (seconds, number) in WINDOWS.items()
    }
    try:
        get_gateway().commands(
            *(("HINCRBY", key, field, amount) for key in keys for field, amount in counts.items()),
            *(("EXPIRE", key, ttl) for key, ttl in keys.items()),
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
    return _added_up(get_gateway().commands(("HGETALL", KEY)))


def recent(window: str) -> dict[str, dict[str, int]]:
    """Return the sums of the last ``hour`` or ``day``, as ``totals`` does.

    The part of the window in which it begins is counted as a whole.

    Raises:
        RedisUnavailable: Redis does not answer.
    """
    flush()
    _, number = WINDOWS[window]
    return _added_up(get_gateway().commands(*(("HGETALL", _part(window, age)) for age in range(number + 1))))


def _part(window: str, age: int) -> str:
    seconds, _ = WINDOWS[window]
    return f"{KEY}:{window}:{int(time.time() // seconds) - age}"


def _added_up(replies: list[list[bytes]]) -> dict[str, dict[str, int]]:
    totals: dict[str, dict[str, int]] = {}
    for flat in replies:
        for field, amount in zip(flat[::2], flat[1::2], strict=True):
            node, _, name = field.decode().rpartition(" ")
            key = declared_name(node)
            names = COMMIT_NAMES if key == COMMITS else NAMES
            counted = totals.setdefault(key, dict.fromkeys(names, 0))
            counted[name] = counted.get(name, 0) + int(amount)
    return dict(sorted(totals.items()))


def _begin_again() -> None:
    """In a forked process, begin with no counts and a new lock: the old ones are the parent's."""
    global _lock, _counts
    _lock, _counts = threading.Lock(), Counter()


atexit.register(flush)
os.register_at_fork(after_in_child=_begin_again)
