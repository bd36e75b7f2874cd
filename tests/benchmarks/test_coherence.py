"""A few seconds of the history benchmark. `make bench` runs it for minutes, and with more contestants."""

import pytest

from benchmarks.history.nemesis import Nemesis
from benchmarks.history.trial import Plan, Trial
from benchmarks.history.verdict import judge

PLAN = Plan(seconds=3, processes=4, pause=0.01)

pytestmark = pytest.mark.slow


def verdict_of(trial):
    verdict, broken = judge("it", trial.run())
    print(verdict)  # shown when an assertion fails
    for read, rules in broken[:20]:
        print(rules, read)
    return verdict


def test_this_cache_is_never_wrong(tmp_path):
    verdict = verdict_of(Trial("syllabus", PLAN, tmp_path / "it"))
    assert verdict.reads > 100
    assert verdict.writes > 20
    assert verdict.hit_rate > 0.2  # reading the database every time would be right, too
    assert not any(verdict.wrong.values())
    assert verdict.wrong_after_quiescence == 0


def test_nor_while_writers_are_killed_and_values_evicted(tmp_path):
    verdict = verdict_of(Nemesis("syllabus", PLAN, tmp_path / "it", ["kill", "evict"]))
    assert verdict.reads > 100
    assert not any(verdict.wrong.values())
    assert verdict.wrong_after_quiescence == 0


def test_the_harness_sees_what_deleting_in_post_save_gets_wrong(tmp_path):
    verdict = verdict_of(Trial("post_save-best", PLAN, tmp_path / "it"))
    assert verdict.wrong["stale"] > 0
    assert verdict.wrong["backwards"] > 0


def test_the_harness_finds_nothing_where_nothing_is_cached(tmp_path):
    wrong = verdict_of(Trial("no-cache", PLAN, tmp_path / "it")).wrong
    # A detail is two statements, each with a snapshot of its own: their combination may be no state.
    assert (wrong["stale"], wrong["uncommitted"], wrong["backwards"]) == (0, 0, 0)
