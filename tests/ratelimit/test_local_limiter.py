"""The limits of one process, with a clock that the test moves."""

import threading

import pytest

from ratelimit.local_limiter import LocalLimiter
from ratelimit.rates import Limit

ANNA = Limit("anon", 2, 60, "anna")
STRICT = Limit("courses-top", 1, 10, "anna")


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_the_window_moves(clock):
    limiter = LocalLimiter(clock)
    answers = []
    for moment in (0, 59, 59.9, 60, 118, 119):
        clock.now = 1000.0 + moment
        answers.append(limiter.decide([ANNA]).passes)
    assert answers == [True, True, False, True, False, True]


def test_a_request_passes_after_the_wait_of_the_decision(clock):
    limiter = LocalLimiter(clock)
    limiter.decide([ANNA])
    clock.now += 20
    limiter.decide([ANNA])
    wait = limiter.decide([ANNA]).wait_seconds
    assert wait == 40
    clock.now += wait
    assert limiter.decide([ANNA]).passes


def test_who_is_refused_by_one_scope_uses_up_no_other(clock):
    limiter = LocalLimiter(clock)
    limiter.decide([ANNA, STRICT])
    refused = limiter.decide([ANNA, STRICT])
    assert refused.violated == ["courses-top"]
    assert limiter.decide([ANNA]).passes


def test_threads_together_pass_the_limit_exactly(clock):
    limiter = LocalLimiter(clock)
    limit = Limit("anon", 60, 60, "anna")
    passed = []

    def send():
        passed.extend(limiter.decide([limit]).passes for _ in range(50))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(passed) == 60


def test_ended_windows_are_deleted(clock):
    limiter = LocalLimiter(clock, sweep_at=100)
    for n in range(10_000):
        clock.now += 1
        limiter.decide([Limit("anon", 2, 60, str(n))])
    assert len(limiter._logs) <= 200
