"""A few seconds of a rolling deployment. `python -m benchmarks.releases` runs it for longer."""

import pytest

from benchmarks.history.contestants.releases import WRONG_SHAPE, NextRelease, Release, _without
from benchmarks.history.releases import Rollout
from benchmarks.history.trial import Plan
from benchmarks.history.verdict import judge


@pytest.mark.slow
def test_two_releases_side_by_side_never_serve_a_wrong_shape_or_a_stale_value(tmp_path):
    rollout = Rollout(Plan(seconds=4, processes=3, pause=0.01), tmp_path / "it")
    verdict, _ = judge("both", rollout.run())
    shares = rollout.shares()
    print(verdict, shares)
    assert all(share.reads > 100 for share in shares)
    assert all(share.hit_rate > 0.1 for share in shares)
    assert [share.wrong_shapes for share in shares] == [0, 0]
    assert not any(verdict.wrong.values())
    assert verdict.wrong_after_quiescence == 0


@pytest.mark.parametrize(("reader", "writer"), [(Release, NextRelease), (NextRelease, Release)])
def test_the_harness_finds_a_value_of_the_other_release(reader, writer):
    value = {"nonce": "x"}
    assert WRONG_SHAPE in _without(value | writer.fields, reader.fields)
    assert _without(value | reader.fields, reader.fields) == value
