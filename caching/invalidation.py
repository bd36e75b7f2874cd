"""Fence, lift, invalidate: what a commit does to nodes in Redis."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from caching import outbox, scripts
from caching.errors import RedisUnavailable
from caching.redis.scripts import ScriptCall
from caching.store import get_store

if TYPE_CHECKING:
    from caching.keys import Node
    from caching.postgresql.base import DatabaseWrapper

logger = logging.getLogger(__name__)

# The safety net of a process killed in the middle of a commit.
FENCE_TTL_MS = 10_000


def fence(nodes: Iterable[Node], token: str) -> None:
    """Close nodes: values and leases go, and nobody may store until ``lift`` or the fence's TTL.

    Raises:
        RedisUnavailable: not all of them are closed.
    """
    get_store().run(*(ScriptCall(scripts.FENCE, node, [token, FENCE_TTL_MS]) for node in nodes))


def lift(nodes: Iterable[Node], token: str) -> None:
    """Open nodes again.

    Where Redis does not answer, their fences expire by themselves. But they may have expired, or
    been lost in a restart, before the COMMIT: what was stored since is left to the outbox.
    """
    try:
        get_store().run(*(ScriptCall(scripts.LIFT, node, [token]) for node in nodes))
    except RedisUnavailable as error:
        logger.warning("fences left to expire: %s", error)
        outbox.record_apart(nodes)
        drain_soon()


def drop(nodes: Iterable[Node]) -> None:
    """Delete values and leases of what is already committed.

    Raises:
        RedisUnavailable: not all of them are gone.
    """
    get_store().run(*(ScriptCall(scripts.DROP, node) for node in nodes))


def invalidate_now(connection: DatabaseWrapper, nodes: set[Node]) -> None:
    """``drop``, or the outbox where Redis does not answer."""
    try:
        drop(nodes)
    except RedisUnavailable:
        outbox.record(connection, nodes)
        drain_soon()


def drain_soon() -> None:
    """Try the outbox at once; where Redis is still away, its breaker's probe goes on trying."""
    store = get_store()
    if store.breaker.is_open:
        return
    try:
        store.drain()
    except RedisUnavailable as error:
        logger.info("the outbox waits for Redis: %s", error)
        store.breaker.open()
