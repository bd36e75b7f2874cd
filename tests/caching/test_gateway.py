"""The gateway to Redis (gateway.py)."""

from __future__ import annotations

import pytest

from caching.errors import RedisUnavailable, Untrusted
from caching.gateway import get_gateway
from caching.keys import group_target, value_target
from caching.testing import check_now, timing

TARGET = value_target(":1:odd")


@pytest.fixture
def gateway(transactional_db):
    return get_gateway()


def test_reading_needs_a_check_first(gateway):
    with pytest.raises(Untrusted):
        gateway.read(TARGET.key)
    assert check_now()
    assert gateway.read(TARGET.key) == [None]
    assert gateway.read_fields(TARGET.key, "a", "b") == [None, None]


def test_writing_needs_none(gateway, cache_redis):
    gateway.fence([TARGET], "default:1:a")
    assert cache_redis.zcard(TARGET.fence_key) == 1
    gateway.lift([TARGET], "default:1:a")
    assert not cache_redis.exists(TARGET.fence_key)


def test_fence_takes_value_and_lease_and_drop_leaves_fences(gateway, cache_redis):
    for each in (TARGET, group_target(":1:odd")):
        cache_redis.set(each.key, "value")
        cache_redis.set(each.lease_key, "lease")
        gateway.fence([each], "default:1:a")
        assert not cache_redis.exists(each.key, each.lease_key)
        cache_redis.set(each.key, "value")
        gateway.drop([each])
        assert not cache_redis.exists(each.key)
        assert cache_redis.exists(each.fence_key)


def test_lift_of_a_fence_that_was_lost_deletes_what_was_stored_since(gateway, cache_redis):
    cache_redis.set(TARGET.key, "value")
    gateway.lift([TARGET], "default:1:lost")
    assert not cache_redis.exists(TARGET.key)


def test_lift_leaves_the_fences_of_others(gateway, cache_redis):
    for token in ("default:1:a", "default:2:b"):
        gateway.fence([TARGET], token)
    gateway.lift([TARGET], "default:1:a")
    assert cache_redis.zrange(TARGET.fence_key, 0, -1) == [b"default:2:b"]


def test_open_breaker_asks_nothing(gateway):
    assert check_now()
    with timing(trust=60):
        gateway.breaker.is_open = True
        try:
            for ask in (
                lambda: gateway.read("a"),
                lambda: gateway.drop([TARGET]),
                lambda: gateway.commands(("PING",)),
            ):
                with pytest.raises(RedisUnavailable):
                    ask()
        finally:
            gateway.breaker.is_open = False


def test_answers_in_the_grace_period_are_requested_and_ignored(gateway):
    with timing(grace=60):
        assert check_now()
        gateway.backend.close()
        gateway.watch.trust.confirm(gateway.breaks + 1, float("inf"))
        gateway.watch.trust.confirm(gateway.breaks, float("inf"))
        with pytest.raises(RedisUnavailable, match="a moment ago"):
            gateway.read("a")


def test_settings_that_change_make_another_gateway(gateway, settings):
    settings.CACHING = {**settings.CACHING, "NAME": "other"}
    assert get_gateway() is not gateway
