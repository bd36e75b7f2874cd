"""A few seconds of the history benchmark. `make bench` runs it for minutes, and with more contestants."""

import pytest

from benchmarks.history.trial import Plan, Trial, judge

PLAN = Plan(seconds=3, readers=2, writers=2, pause=0.01)

pytestmark = pytest.mark.slow


def verdict_of(contestant, folder):
    verdict, broken = judge(contestant, Trial(contestant, PLAN, folder).run())
    print(verdict)  # shown when an assertion fails
    for read, rules in broken[:20]:
        print(rules, read)
    return verdict


def test_this_cache_is_never_wrong(tmp_path):
    verdict = verdict_of("syllabus", tmp_path)
    assert verdict.reads > 2000
    assert verdict.writes > 100
    assert verdict.hit_rate > 0.3  # reading the database every time would be right too
    assert not any(verdict.wrong.values())
    assert verdict.wrong_after_quiescence == 0


def test_the_harness_sees_what_deleting_on_commit_gets_wrong(tmp_path):
    verdict = verdict_of("on_commit-best", tmp_path)
    assert verdict.wrong["stale"] > 0
    assert verdict.wrong["backwards"] > 0


def test_the_harness_finds_nothing_where_nothing_is_cached(tmp_path):
    wrong = verdict_of("no-cache", tmp_path).wrong
    # A detail is two statements, each with a snapshot of its own: a combination of them may be no state.
    assert {rule: wrong[rule] for rule in ("stale", "uncommitted", "backwards")} == {
        "stale": 0,
        "uncommitted": 0,
        "backwards": 0,
    }
