"""Who may make a request now: Redis decides for every process; while it is away, each for itself."""

from __future__ import annotations

import logging
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from caching.errors import RedisUnavailable
from caching.redis.scripts import Script, ScriptCall
from core import redis_state
from ratelimit.local_limiter import LocalLimiter
from ratelimit.rates import Bucket, Quota, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

logger = logging.getLogger(__name__)

INDEX_KEY = "throttle"
MICROSECONDS = 1_000_000
THROTTLE = Script.load(Path(__file__).parent / "lua" / "throttle.lua")


class Limiter:
    """Moving windows shared by all processes, with a stand-in for each while Redis is away."""

    def __init__(self) -> None:
        self.stand_in = LocalLimiter()

    def decide(self, buckets: Sequence[Bucket]) -> Verdict:
        """Let a request pass and count it in every bucket, or refuse it and count it in none.

        One round trip for all buckets. Never raises for want of Redis.
        """
        if not buckets:
            return Verdict(0, [])
        try:
            return decide_in_redis(buckets)
        except RedisUnavailable as error:
            if not redis_state.server().breaker.is_open:  # else it has told so itself, once for the outage
                logger.warning("This process alone limited a request: %s", error)
            return self.stand_in.decide(buckets)


@cache
def get_limiter() -> Limiter:
    """The process's limiter."""
    return Limiter()


def decide_in_redis(buckets: Sequence[Bucket]) -> Verdict:
    """The decision of ratelimit/lua/throttle.lua.

    Raises:
        RedisUnavailable: Redis is away, too slow, or refuses to write.
    """
    keys = [INDEX_KEY, *(bucket.key for bucket in buckets)]
    wait, *state = redis_state.server().run(ScriptCall(THROTTLE, keys, [bucket.limit for bucket in buckets]))
    left, reset = state[::2], state[1::2]
    quotas = [Quota(b, n, t / MICROSECONDS) for b, n, t in zip(buckets, left, reset, strict=True)]
    return Verdict(wait / MICROSECONDS, quotas)
