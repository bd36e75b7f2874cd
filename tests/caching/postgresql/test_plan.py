"""The plans of triggers while two releases run side by side (postgresql/plan.py)."""

import pytest

from caching.dependents import Dependent
from caching.paths import Route
from caching.postgresql.plan import Plan

EMPTY = Plan.from_json(None)


def plan(pattern, column, ignored=()):
    dependent = Dependent(pattern, False, (("pk", Route(column)),))
    return Plan(frozenset({dependent}), frozenset({column}), frozenset(ignored))


@pytest.mark.parametrize(
    ("former", "later"),
    [
        (plan("x:{pk}", "id"), plan("x:{pk}", "parent_id")),
        (plan("x:{pk}", "id"), plan("y:{pk}", "id")),
        (plan("x:{pk}", "id"), plan("x:{pk}", "id", ignored=["views"])),
        (plan("x:{pk}", "id", ignored=["views"]), plan("x:{pk}", "id")),
    ],
    ids=["another path", "another thing", "a column lags now", "a column lags no more"],
)
def test_plan_after_the_later_release_migrates_serves_the_former_one(former, later):
    target = later.with_other_releases(former)
    for release in (former, later):
        assert release.dependents <= target.dependents
        assert release.columns <= target.columns
        assert target.ignored <= release.ignored


def test_plan_of_a_table_without_triggers_is_the_release_s_own():
    own = plan("x:{pk}", "id", ignored=["views"])
    assert own.with_other_releases(EMPTY) == own


def test_plan_of_the_same_release_changes_nothing():
    own = plan("x:{pk}", "id", ignored=["views"])
    assert own.with_other_releases(own) == own
    assert Plan.from_json(own.to_json()) == own
