"""Whether a request passes: Redis decides for all processes; while it is away, each decides alone."""

from __future__ import annotations

import logging
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from caching.errors import RedisUnavailable
from caching.redis.scripts import Script, ScriptCall
from core import redis_state
from core.metrics import count_refusal
from ratelimit.local_limiter import LocalLimiter
from ratelimit.rates import Decision, Limit, Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

logger = logging.getLogger(__name__)

INDEX_KEY = "throttle"
MICROSECONDS = 1_000_000
THROTTLE = Script.load(Path(__file__).parent / "lua" / "throttle.lua")


class Limiter:
    """Moving windows shared by all processes, with a local limiter in each while Redis is away."""

    def __init__(self) -> None:
        self.local = LocalLimiter()

    def decide(self, limits: Sequence[Limit]) -> Decision:
        """Let a request pass and count it in every limit, or refuse it and count it in none.

        It takes one round trip for all limits. It does not raise while Redis is away.
        """
        if not limits:
            return Decision(0, [])
        try:
            decision = decide_in_redis(limits)
        except RedisUnavailable as error:
            if not redis_state.server().breaker.is_open:  # else the breaker has logged the outage
                logger.warning("This process alone limited a request: %s", error)
            decision = self.local.decide(limits)
        if not decision.passes:
            count_refusal(decision.violated)
        return decision


@cache
def get_limiter() -> Limiter:
    """Return the process's limiter."""
    return Limiter()


def decide_in_redis(limits: Sequence[Limit]) -> Decision:
    """Return the decision of ratelimit/lua/throttle.lua.

    Raises:
        RedisUnavailable: Redis is away, too slow, or refuses to write.
    """
    return decision_of(limits, redis_state.server().run(throttle_call(limits)))


def throttle_call(limits: Sequence[Limit]) -> ScriptCall:
    """Return the call of ratelimit/lua/throttle.lua for some limits."""
    keys = [INDEX_KEY, *(limit.key for limit in limits)]
    return ScriptCall(THROTTLE, keys, [limit.max_requests for limit in limits])


def decision_of(limits: Sequence[Limit], reply: Sequence[int]) -> Decision:
    """Return the decision in a reply of the script."""
    wait, *state = reply
    left, reset = state[::2], state[1::2]
    usages = [Usage(b, n, t / MICROSECONDS) for b, n, t in zip(limits, left, reset, strict=True)]
    return Decision(wait / MICROSECONDS, usages)
