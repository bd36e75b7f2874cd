"""Source 4, "What is the low-level cache API?", by its headings.

What the product caches goes through caching/ instead, which invalidates by itself: docs/caching.md.
"""

from __future__ import annotations

import pytest
from django.core.cache import cache, caches

from tests.caching.redis_process import RedisProcess


def test_interfaces_are_the_default_cache_and_caches_by_name():
    cache.set("my_key", {"data": 123}, timeout=300)
    assert caches["default"].get("my_key") == {"data": 123}


@pytest.mark.parametrize("value", ["text", 1, 1.5, True, None, [1, 2, 3], {"visits": 100, "sales": 10}])
def test_plain_structures_can_be_cached(value):
    cache.set("value", value, timeout=300)
    assert cache.get("value", "nothing") == value


def test_main_methods():
    assert cache.get("key", default="nothing") == "nothing"
    assert cache.add("key", 1, timeout=300)
    assert not cache.add("key", 2, timeout=300)
    assert cache.get_or_set("key", 3, timeout=300) == 1
    assert cache.get_or_set("other", lambda: 4, timeout=300) == 4
    assert cache.incr("key") == 2
    assert cache.delete("key")
    assert cache.get("key") is None


def test_parts_of_one_answer_live_for_different_times():
    cache.set("profile_1", {"name": "Ann"}, timeout=3600)
    cache.set("stats_1", {"visits": 1}, timeout=30)
    assert 30 < cache.ttl("profile_1") <= 3600
    assert 0 < cache.ttl("stats_1") <= 30


def test_models_are_never_cached():
    """The default cache stores JSON: what a migration would make unreadable is refused."""
    with pytest.raises(TypeError, match="not JSON serializable"):
        cache.set("thing", object(), timeout=300)


def test_cache_that_is_away_is_no_error(own_cache):
    own_cache.remove()
    cache.set("my_key", 1, timeout=300)
    assert cache.get("my_key") is None
    assert cache.get("my_key", "nothing") == "nothing"


@pytest.fixture
def own_cache(tmp_path, settings):
    """A Redis of the test's own behind the default cache, to be taken away."""
    server = RedisProcess(tmp_path)
    settings.CACHES = {
        **settings.CACHES,
        "default": {**settings.CACHES["default"], "LOCATION": f"redis://127.0.0.1:{server.port}/1"},
    }
    cache.set("my_key", 1, timeout=300)
    assert cache.get("my_key") == 1
    yield server
    caches.close_all()
