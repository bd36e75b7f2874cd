"""The trust in the values of Redis (recovery/trust.py)."""

from __future__ import annotations

import time

from caching.recovery.trust import Trust
from caching.testing import timing
from tests.support.waiting import until


def confirmed(breaks=0):
    trust = Trust()
    trust.confirm(breaks, time.monotonic())
    return trust


def test_nothing_is_trusted_before_the_first_check():
    assert not Trust().is_valid(0)


def test_check_holds_for_its_time_and_no_longer():
    with timing(trust=0.1):
        trust = confirmed()
        assert trust.is_valid(0)
        until(lambda: not trust.is_valid(0), seconds=5)


def test_time_counts_from_the_beginning_of_the_check():
    trust = Trust()
    trust.confirm(0, time.monotonic() - 1.4)
    assert trust.is_valid(0)
    trust.confirm(0, time.monotonic() - 1.6)
    assert not trust.is_valid(0)


def test_connection_that_broke_since_ends_the_trust():
    trust = confirmed(breaks=3)
    assert trust.is_valid(3)
    assert not trust.is_valid(4)


def test_withdrawn_trust_is_restored_by_a_later_check_and_by_no_earlier_one():
    trust = confirmed()
    began = time.monotonic()
    trust.withdraw()
    assert not trust.is_valid(0)
    trust.confirm(0, began)
    assert not trust.is_valid(0), "it began before the trust was withdrawn"
    until(lambda: time.monotonic() > began)
    trust.confirm(0, time.monotonic())
    assert trust.is_valid(0)


def test_grace_follows_a_break_only():
    with timing(grace=60):
        trust = confirmed(breaks=0)
        assert not trust.in_grace(), "the first check of a process follows no outage"
        trust.confirm(0, time.monotonic())
        assert not trust.in_grace()
        trust.confirm(1, time.monotonic())
        assert trust.in_grace()


def test_grace_ends():
    with timing(grace=0.05):
        trust = confirmed(breaks=0)
        trust.confirm(1, time.monotonic())
        until(lambda: not trust.in_grace(), seconds=5)
