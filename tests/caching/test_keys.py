"""Names of keys in Redis (keys.py)."""

from __future__ import annotations

import pytest

from caching import keys
from caching.redis.slots import slot_of


def test_value_and_what_protects_it_lie_in_one_slot():
    target = keys.value_target(":1:v1:books:detail:1")
    assert target == (
        ":1:v1:books:detail:1",
        "lease:{:1:v1:books:detail:1}",
        "fence:{:1:v1:books:detail:1}",
    )
    assert len({slot_of(key) for key in target}) == 1


def test_generation_and_its_fence_lie_in_one_slot():
    target = keys.group_target(":1:v1:books:detail")
    assert target.key == "generation:{:1:v1:books:detail}"
    assert slot_of(target.key) == slot_of(target.fence_key)


@pytest.mark.parametrize("target", [keys.value_target(":1:a:b"), keys.group_target(":1:a")])
def test_target_is_found_by_its_fence(target):
    assert keys.fenced_target(target.fence_key) == target


@pytest.mark.parametrize(
    ("pattern", "stem"),
    [("v1:books:detail:{pk}", "v1:books:detail"), ("user:{pk}:topics", "user"), ("loose", "loose")],
)
def test_stem_is_what_precedes_the_first_parameter(pattern, stem):
    assert keys.stem(pattern) == stem


def test_keys_are_those_of_djangos_cache(settings):
    assert keys.full_key("v1:courses") == ":1:v1:courses"
    settings.CACHES = {
        **settings.CACHES,
        "default": {**settings.CACHES["default"], "KEY_PREFIX": "p", "VERSION": 7},
    }
    assert keys.full_key("v1:courses") == "p:7:v1:courses"


def test_parameters_are_filled_in():
    assert keys.fill_in("user:{pk}:topics", {"pk": 3}) == ":1:user:3:topics"
    assert keys.fill_in("v1:pair:{a}:{b}", {"a": "x", "b": "y"}) == ":1:v1:pair:x:y"


@pytest.mark.parametrize("value", ["{", "}", ":", " ", "\n", "\t", "\u00a0", "a b"])
def test_parameter_that_would_change_the_meaning_of_a_key_is_refused(value):
    with pytest.raises(ValueError, match="cannot be part"):
        keys.parameter(value)


@pytest.mark.parametrize("key", [":1:v1:courses:detail", "generation:{:1:v1:courses:detail}"])
def test_name_for_people_is_the_declared_one(key):
    assert keys.declared_name(key) == "v1:courses:detail"


@pytest.mark.parametrize("value", [7, 0, "07", "-7", "a", "", None, "٣", "1.5"])
def test_value_of_a_parameter_is_what_was_written(value):
    assert keys.value_of(keys.parameter(value)) == value
