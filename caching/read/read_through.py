"""Read-through: return a hit, or take a lease, load from the database and store.

::

    reader                          writer
    GET: nothing
    lease                                            (before the database is read)
    SELECT: old
                                    fence            value and lease are deleted
                                    COMMIT
                                    lift
    fill: refused                                    the lease is gone
"""

from __future__ import annotations

import logging
import random
import secrets
import time
from collections.abc import Callable
from typing import Any

from caching import metrics
from caching.errors import OutboxUnavailable, RedisUnavailable, Untrusted
from caching.gateway import get_gateway
from caching.read.entries import Entry, Lease
from caching.read.load_check import Source
from caching.read.loading import load
from caching.read.result import COLLAPSED, CacheResult
from caching.write.pending import any_in_transaction, must_bypass, pending

logger = logging.getLogger(__name__)

# How long a reader waits for the value of another reader's lease before it reads the database itself.
COLLAPSE_WAIT_SECONDS = 0.5
FIRST_PAUSE_SECONDS = 0.002
MAX_PAUSE_SECONDS = 0.02
MAX_ATTEMPTS = 3

_COUNTED = {"HIT": "hits", "MISS": "misses", "BYPASS": "bypasses"}


def read_through(
    source: Source, entry: Entry, loader: Callable[[], Any], lease: Lease | None = None
) -> CacheResult:
    """Return the value of ``entry``; load and store it if it is not stored.

    Args:
        lease: a lease that was granted when there was no value. It may still be held if the result is no
            MISS.

    Raises:
        Exception: any that ``loader`` raises; nothing is stored then.
    """
    result = _read(source, entry, loader, lease)
    name = "collapsed" if result.detail == COLLAPSED else _COUNTED[result.x_cache]
    metrics.count(entry.group.key, name)
    return result


def _read(source: Source, entry: Entry, loader: Callable[[], Any], lease: Lease | None) -> CacheResult:
    if must_bypass():
        return _bypass(source, loader, "transaction")
    try:
        found = _look_or_lease(source, entry, lease)
    except RedisUnavailable:
        return _bypass(source, loader, "breaker")
    except (OutboxUnavailable, Untrusted):
        return _bypass(source, loader, "untrusted")
    if isinstance(found, CacheResult):
        return found
    if found is None:
        return _bypass(source, loader, "transaction")
    if found.outcome == "granted":
        return _load_and_fill(source, entry, found.name, loader)
    if found.outcome == "fenced":
        get_gateway().watch.examine(entry.target, entry.group)
        return _bypass(source, loader, "fence")
    return CacheResult(load(source, loader), "MISS", f"fwd=miss; detail={found.outcome}")


def peek(source: Source, entry: Entry) -> CacheResult | None:
    """Return the value of ``entry`` if it is stored and may be read. Load nothing.

    Raises:
        CacheError: Redis does not answer, or its values may be stale.
    """
    watch = get_gateway().watch
    for _ in range(MAX_ATTEMPTS):
        try:
            watch.require(source.key)
            return entry.look()
        except Untrusted:
            watch.check_now()
    raise RedisUnavailable("connections break as fast as they are made")


def _look_or_lease(source: Source, entry: Entry, held: Lease | None) -> CacheResult | Lease | None:
    """Return the value, or a lease, or None if the open transaction may not store."""
    gateway = get_gateway()
    for _ in range(MAX_ATTEMPTS):
        try:
            gateway.watch.require(source.key)
            result = None if held else entry.look()
            if result is not None:
                return result
            if not pending(source.using).may_store():
                return None
            lease = held or _ask_for_lease(entry, secrets.token_hex(8))
        except Untrusted:
            if any_in_transaction():  # the check needs a connection, and this thread already holds one
                gateway.watch.wake()
                raise
            gateway.watch.check_now()
        else:
            return lease.result or lease
    raise RedisUnavailable("connections break as fast as they are made")


def _ask_for_lease(entry: Entry, token: str) -> Lease:
    """Return a lease, or the value that the holder of another lease has stored."""
    deadline = time.monotonic() + COLLAPSE_WAIT_SECONDS
    pause = FIRST_PAUSE_SECONDS
    while True:
        lease = entry.lease(token)
        if lease.outcome != "busy" or time.monotonic() > deadline:
            return lease
        time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  (jitter, not a secret)
        pause = min(pause * 1.5, MAX_PAUSE_SECONDS)


def _load_and_fill(source: Source, entry: Entry, lease: str, loader: Callable[[], Any]) -> CacheResult:
    try:
        body = load(source, loader)
    except BaseException:
        release(entry, lease)
        raise
    if _fill(entry, lease, body):
        pending(source.using).note_fill(entry.group)
        return CacheResult(body, "MISS", "fwd=miss; stored")
    metrics.count(entry.group.key, "refused_fills")
    return CacheResult(body, "MISS", "fwd=miss")


def _fill(entry: Entry, lease: str, body: bytes) -> bool:
    try:
        return entry.fill(lease, body)
    except RedisUnavailable:
        release(entry, lease)  # for example, Redis is full: the next reader must not wait for this lease
        return False


def release(entry: Entry, lease: str) -> None:
    """Give a lease back without a value, if it is still held."""
    try:
        entry.release(lease)
    except RedisUnavailable:
        logger.debug("a lease could not be released; it expires")


def _bypass(source: Source, loader: Callable[[], Any], detail: str) -> CacheResult:
    return CacheResult(load(source, loader), "BYPASS", f"fwd=bypass; detail={detail}")
