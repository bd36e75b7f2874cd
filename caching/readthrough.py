"""Read-through: a hit, or a lease and the database.

::

    reader                          writer
    GET: nothing
    lease                                            (before the database is read)
    SELECT: old
                                    fence            value and lease go
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

from caching import stats
from caching.errors import RedisUnavailable
from caching.reading import COLLAPSED, Reading, encode
from caching.slots import Lease, Slot
from caching.transaction import changes

logger = logging.getLogger(__name__)

# How long one who finds a lease waits for its holder's value before reading the database himself.
COLLAPSE_WAIT_SECONDS = 0.5
FIRST_PAUSE_SECONDS = 0.002
LONGEST_PAUSE_SECONDS = 0.02

_COUNTED = {"HIT": "hits", "MISS": "misses", "BYPASS": "bypasses"}


def read_through(slot: Slot, load: Callable[[], Any]) -> Reading:
    """The value of ``slot``, loading and storing it where nobody has.

    Raises:
        whatever ``load`` raises; nothing is stored then.
    """
    reading = _read(slot, load)
    thing = slot.whole.main
    stats.count(thing, "collapsed" if reading.how == COLLAPSED else _COUNTED[reading.x_cache])
    return reading


def _read(slot: Slot, load: Callable[[], Any]) -> Reading:
    if changes().must_bypass():
        return _bypass(load, "transaction")
    try:
        reading = slot.look()
        if reading is not None:
            return reading
        if not changes().may_store():
            return _bypass(load, "transaction")
        token = secrets.token_hex(8)
        lease = _ask_for_lease(slot, token)
    except RedisUnavailable:
        return _bypass(load, "breaker")
    if lease.reading is not None:
        return lease.reading
    if lease.outcome == "granted":
        return _load_and_fill(slot, lease.name, load)
    if lease.outcome == "fenced":
        return _bypass(load, "fence")
    return Reading(_load(load), "MISS", f"fwd=miss; detail={lease.outcome}")


def _ask_for_lease(slot: Slot, token: str) -> Lease:
    """A lease, or what came of another reader's: its holder's value collapses the two loads."""
    deadline = time.monotonic() + COLLAPSE_WAIT_SECONDS
    pause = FIRST_PAUSE_SECONDS
    while True:
        lease = slot.lease(token)
        if lease.outcome != "busy" or time.monotonic() > deadline:
            return lease
        time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  (jitter, not a secret)
        pause = min(pause * 1.5, LONGEST_PAUSE_SECONDS)


def _load_and_fill(slot: Slot, lease: str, load: Callable[[], Any]) -> Reading:
    try:
        body = _load(load)
    except BaseException:
        _release(slot, lease)
        raise
    try:
        stored = slot.fill(lease, body)
    except RedisUnavailable:
        stored = False
    if stored:
        changes().note_fill(slot.whole)
    else:
        stats.count(slot.whole.main, "refused_fills")
    return Reading(body, "MISS", "fwd=miss; stored" if stored else "fwd=miss")


def _release(slot: Slot, lease: str) -> None:
    try:
        slot.release(lease)
    except RedisUnavailable:
        logger.debug("a lease could not be given back; it expires")


def _bypass(load: Callable[[], Any], detail: str) -> Reading:
    return Reading(_load(load), "BYPASS", f"fwd=bypass; detail={detail}")


def _load(load: Callable[[], Any]) -> bytes:
    """Load from one snapshot of the database, so that several statements tell one state."""
    with changes().snapshot():
        return encode(load())
