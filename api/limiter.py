"""Who may make a request now: Redis decides for every process, and while it is away each for itself."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import redis

from api import redis_state
from api.local_limiter import LocalLimiter
from api.rates import Bucket, Quota, Verdict
from caching.breaker import Breaker

if TYPE_CHECKING:
    from collections.abc import Sequence

logger = logging.getLogger(__name__)

INDEX_KEY = "throttle"
MICROSECONDS = 1_000_000
SCRIPT = (Path(__file__).parent / "lua" / "throttle.lua").read_text()
SCRIPT_SHA = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()

breaker = Breaker()
stand_in = LocalLimiter()


def decide(buckets: Sequence[Bucket]) -> Verdict:
    """Let a request pass and count it in every bucket, or refuse it and count it in none.

    One round trip to Redis for all buckets. Never raises for want of Redis: then this process
    limits alone, and says so in the log once when that begins and once when it ends.
    """
    if not buckets:
        return Verdict(0, [])
    if not breaker.allow():
        return stand_in.decide(buckets)
    try:
        verdict = decide_in_redis(buckets)
    except redis.RedisError as error:
        if breaker.failed():
            logger.warning("Redis is away (%s): each process limits request rates alone", error)
        return stand_in.decide(buckets)
    if breaker.succeeded():
        logger.warning("Redis is back: request rates are limited across processes again")
    return verdict


def decide_in_redis(buckets: Sequence[Bucket]) -> Verdict:
    """The decision of api/lua/throttle.lua.

    Raises:
        redis.RedisError: Redis is away, too slow, or refuses to write.
    """
    client = redis_state.client()
    keys = [INDEX_KEY, *(bucket.key for bucket in buckets)]
    limits = [bucket.limit for bucket in buckets]
    try:
        wait, *state = client.evalsha(SCRIPT_SHA, len(keys), *keys, *limits)
    except redis.exceptions.NoScriptError:  # a Redis that has restarted
        wait, *state = client.eval(SCRIPT, len(keys), *keys, *limits)
    left, reset = state[::2], state[1::2]
    quotas = [Quota(b, n, t / MICROSECONDS) for b, n, t in zip(buckets, left, reset, strict=True)]
    return Verdict(wait / MICROSECONDS, quotas)
