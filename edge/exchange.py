"""The exchange with Redis: value, rate limits and counter, in one step where one server holds them all.

Requests that are there at the same time share an exchange.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.core.signals import setting_changed

from caching import CacheResult
from caching.conf import redis_conf
from caching.errors import CacheError
from caching.read import lookup
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


class Question(NamedTuple):
    """A request for a cached value: the limits that it counts in, and where the read is counted."""

    endpoint: Endpoint
    limits: Sequence[Limit]
    counted: tuple[str, str] | None


class Reply(NamedTuple):
    """The limiter's decision, the value or a lease to store it, and whether the read was counted.

    Without a decision there is no value, and nothing was counted. A request that is refused gets nothing.
    """

    decision: Decision | None = None
    found: Found = None
    was_counted: bool = False


NO_REPLY = Reply()


def ask(questions: Sequence[Question]) -> list[Reply]:
    """Return the reply to each question: NO_REPLY if Redis does not answer it, or its value may be stale."""
    cache, state, is_shared = _databases()
    if not is_shared or redis_state.server().breaker.is_open:
        return [_ask_apart(question, state) for question in questions]
    calls = [_call(question.endpoint.lookup.call(), question, cache, state) for question in questions]
    try:
        replies = lookup.run([question.endpoint.lookup for question in questions], calls)
    except CacheError:
        return [NO_REPLY] * len(questions)
    pairs = zip(questions, replies, strict=True)
    return [_reply_of(question, *reply) if reply else NO_REPLY for question, reply in pairs]


def _ask_apart(question: Question, state: int) -> Reply:
    """Ask two servers: the cache is a cluster, or another one."""
    try:
        found = question.endpoint.lookup.look()
        if found is None:
            return NO_REPLY
        reply = redis_state.server().run(_call(ScriptCall(FOUND, ()), question, state, state))
    except CacheError:
        return NO_REPLY
    return _reply_of(question, reply, found)


def _reply_of(question: Question, reply: Sequence[Any], found: Found) -> Reply:
    decision = decision_of(question.limits, reply[1:])
    if not decision.passes:
        count_refusal(decision.violated)
        return Reply(decision)
    return Reply(decision, found, question.counted is not None and reply[0][0] == b"hit")


def _call(look: ScriptCall, question: Question, cache: int, state: int) -> ScriptCall:
    throttle = throttle_call(question.limits)
    key, field = question.counted or ("-", "")
    counts: list[Any] = [len(look.keys), len(look.args), len(question.limits), cache, state, field]
    script = _compose(look.script, throttle.script)
    return ScriptCall(script, (*look.keys, *throttle.keys, key), (*counts, *look.args, *throttle.args))


@lru_cache(maxsize=8)
def _compose(look: Script, throttle: Script) -> Script:
    look_up, throttle_all = (f"(KEYS, ARGV)\n{script.text}\nend\n" for script in (look, throttle))
    return Script.of(f"local function look{look_up}local function throttle{throttle_all}{ANSWER}")


@lru_cache(maxsize=1)
def _databases() -> tuple[int, int, bool]:
    """Return the numbers of the cache's database and of the limiter's, and whether one server has both."""
    cache, state = redis_conf(), redis_state.conf_at(settings.CELERY_BROKER_URL)
    numbers = [shared_database(conf, conf) or 0 for conf in (cache, state)]
    return numbers[0], numbers[1], shared_database(cache, state) is not None


setting_changed.connect(lambda **_: _databases.cache_clear(), weak=False)
