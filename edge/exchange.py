"""The exchange with Redis: value, rate limits and counter, in one step where one server holds them all."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed

from caching import CacheResult
from caching.conf import redis_conf
from caching.read.lookup import HeldLease
from caching.redis.scripts import Script, ScriptCall
from caching.redis.topology import shared_database
from core import redis_state
from core.metrics import count_refusal
from edge.endpoints import Endpoint
from ratelimit.limiter import decision_of, throttle_call
from ratelimit.rates import Decision, Limit

ANSWER = (Path(__file__).parent / "lua" / "answer.lua").read_text(encoding="utf-8")
FOUND = Script.of("return {'hit'}")

Found = CacheResult | HeldLease | None


def ask(
    endpoint: Endpoint, limits: Sequence[Limit], counted: tuple[str, str] | None
) -> tuple[Decision | None, Found, bool]:
    """Return the limiter's decision, the value or a lease to store it, and whether the read was counted.

    Without a decision there is no value, and nothing was counted. A request that is refused gets nothing.

    Raises:
        CacheError: Redis does not answer, or its values may be stale.
    """
    found: Found
    cache, state, is_shared = _databases()
    if is_shared and not redis_state.server().breaker.is_open:
        reply, found = endpoint.lookup.run(_call(endpoint.lookup.call(), limits, counted, cache, state))
    else:  # the cache is a cluster or another server
        found = endpoint.lookup.look()
        if found is None:
            return None, None, False
        reply = redis_state.server().run(_call(ScriptCall(FOUND, ()), limits, counted, state, state))
    decision = decision_of(limits, reply[1:])
    if not decision.passes:
        count_refusal(decision.violated)
        return decision, None, False
    return decision, found, counted is not None and reply[0][0] == b"hit"


def _call(
    look: ScriptCall, limits: Sequence[Limit], counted: tuple[str, str] | None, cache: int, state: int
) -> ScriptCall:
    throttle = throttle_call(limits)
    key, field = counted or ("-", "")
    counts: list[Any] = [len(look.keys), len(look.args), len(limits), cache, state, field]
    script = _compose(look.script, throttle.script)
    return ScriptCall(script, (*look.keys, *throttle.keys, key), (*counts, *look.args, *throttle.args))


@lru_cache(maxsize=8)
def _compose(look: Script, throttle: Script) -> Script:
    functions = [
        f"local function {name}(KEYS, ARGV)\n{script.text}\nend\n"
        for name, script in (("look", look), ("throttle", throttle))
    ]
    return Script.of("".join(functions) + ANSWER)


@lru_cache(maxsize=1)
def _databases() -> tuple[int, int, bool]:
    """Return the numbers of the cache's database and of the limiter's, and whether one server has both."""
    cache, state = redis_conf(), redis_state.conf_at(settings.CELERY_BROKER_URL)
    numbers = [shared_database(conf, conf) or 0 for conf in (cache, state)]
    return numbers[0], numbers[1], shared_database(cache, state) is not None


setting_changed.connect(lambda **_: _databases.cache_clear(), weak=False)
