"""The result of a read of the cache (read/result.py)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from caching import CacheResult, uncached
from caching.read.result import encode


def test_text_is_compact_and_not_escaped():
    assert encode({"a": [1, "é", None], "b": "😀"}) == '{"a":[1,"é",null],"b":"😀"}'.encode()


def test_what_django_can_write_as_json_is_written():
    assert encode([dt.date(2026, 1, 2), Decimal("1.50")]) == b'["2026-01-02","1.50"]'


def test_what_json_cannot_hold_is_an_error():
    with pytest.raises(TypeError):
        encode(object())


def test_value_is_parsed_at_each_access_so_that_a_caller_may_change_it():
    result = CacheResult(b'{"a":[1]}', "HIT", "hit; ttl=3")
    result.value["a"].append(2)
    assert result.value == {"a": [1]}


def test_cache_status_names_the_cache(settings):
    result = CacheResult(b"1", "HIT", "hit; ttl=3")
    settings.CACHING = {**settings.CACHING, "NAME": "Named"}
    assert result.cache_status == "Named; hit; ttl=3"


def test_uncached_value_says_why():
    result = uncached([1], "drafts")
    assert (result.body, result.x_cache, result.detail) == (b"[1]", "BYPASS", "fwd=bypass; detail=drafts")
