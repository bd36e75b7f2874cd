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
from caching.redis.scripts import Script, ScriptCall
from caching.redis.topology import shared_database
from core import redis_state
from core.metrics import count_refusal
from edge.endpoints import Endpoint
from ratelimit.limiter import decision_of, throttle_call
from ratelimit.rates import Decision, Limit

ANSWER = (Path(__file__).parent / "lua" / "answer.lua").read_text(encoding="utf-8")
NOTHING = Script.of("return {}")


Outcome = tuple[Decision | None, CacheResult | None]


def ask(endpoint: Endpoint, limits: Sequence[Limit], counted: tuple[str, str] | None) -> Outcome:
    """Return the limiter's decision, and the value.

    Without a decision there is no value, and nothing was counted. Without a value the request is refused, or
    the value may be stale.

    Raises:
        CacheError: Redis does not answer, or its values may be stale.
    """
    database = _database()
    if database is not None and not redis_state.server().breaker.is_open:
        reply, result = endpoint.lookup.run(_call(endpoint.lookup.call, limits, counted, database))
    else:  # the cache is a cluster or another server
        result = endpoint.lookup.look()
        if result is None:
            return None, None
        conf = redis_state.conf_at(settings.CELERY_BROKER_URL)
        call = _call(ScriptCall(NOTHING, ()), limits, counted, shared_database(conf, conf) or 0)
        reply = redis_state.server().run(call)
    if len(reply) == 1:
        return None, None
    decision = decision_of(limits, reply[1:])
    if not decision.passes:
        count_refusal(decision.violated)
    return decision, result if decision.passes else None


def _call(
    look: ScriptCall, limits: Sequence[Limit], counted: tuple[str, str] | None, database: int
) -> ScriptCall:
    throttle = throttle_call(limits)
    key, field = counted or ("-", "")
    counts: list[Any] = [len(look.keys), len(look.args), len(limits), database, field]
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
def _database() -> int | None:
    """Return the number of the limiter's database if it is on the cache's server, else None."""
    return shared_database(redis_conf(), redis_state.conf_at(settings.CELERY_BROKER_URL))


setting_changed.connect(lambda **_: _database.cache_clear(), weak=False)
