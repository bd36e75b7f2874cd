"""The circuit breaker: when it opens, what it sends while it is open, and when it closes."""

from __future__ import annotations

import os
import threading
import time

import pytest

from caching.errors import RedisRefused, RedisUnavailable
from caching.redis.breaker import SLOW_ANSWERS_TO_OPEN, CircuitBreaker
from tests.caching.redis.conftest import in_threads
from tests.support.waiting import until


def fail():
    raise RedisUnavailable("away")


def refuse():
    raise RedisRefused("WRONGTYPE")


def closed(breaker):
    return not breaker.is_open


@pytest.fixture
def back():
    """Return an event that is set when the server is available again."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def breaker(back):
    made = CircuitBreaker("a server", back.wait, interval=0.001, slow_seconds=0.02, slow_for=0.1)
    yield made
    back.set()
    until(lambda: closed(made))


def test_breaker_opens_after_consecutive_failures_and_asks_no_more(breaker):
    for _ in range(2):
        assert closed(breaker)
        with pytest.raises(RedisUnavailable, match="away"):
            breaker.call(fail)
    asked = []
    with pytest.raises(RedisUnavailable, match="open"):
        breaker.call(asked.append, 1)
    assert asked == []


def test_answer_between_failures_keeps_the_breaker_closed(breaker):
    for _ in range(5):
        with pytest.raises(RedisUnavailable):
            breaker.call(fail)
        assert breaker.call(abs, -1) == 1
    assert closed(breaker)


def test_refused_command_counts_as_an_answer(breaker):
    for _ in range(5):
        with pytest.raises(RedisRefused):
            breaker.call(refuse)
    with pytest.raises(RedisUnavailable):
        breaker.call(fail)
    with pytest.raises(RedisRefused):
        breaker.call(refuse)
    with pytest.raises(RedisUnavailable):
        breaker.call(fail)
    assert closed(breaker)


def test_breaker_opens_after_a_failure_that_took_long(breaker):
    def hang():
        time.sleep(0.03)
        fail()

    with pytest.raises(RedisUnavailable):
        breaker.call(hang)
    assert breaker.is_open


def test_breaker_opens_when_every_answer_has_been_slow_for_some_time(breaker):
    began = time.monotonic()
    answers = 0
    while closed(breaker):
        breaker.call(time.sleep, 0.025)
        answers += 1
    assert answers >= SLOW_ANSWERS_TO_OPEN
    assert 0.1 <= time.monotonic() - began < 5


def test_slow_answers_at_one_moment_keep_the_breaker_closed(breaker):
    """Many threads start at once: the process is busy, not the server."""
    in_threads(*[lambda: breaker.call(time.sleep, 0.03)] * 8)
    assert closed(breaker)


def test_quick_answer_between_slow_ones_keeps_the_breaker_closed(breaker):
    for _ in range(2 * SLOW_ANSWERS_TO_OPEN):
        breaker.call(time.sleep, 0.03)
        breaker.call(time.sleep, 0)
    assert closed(breaker)


def test_breaker_closes_when_its_probe_succeeds(breaker, back):
    breaker.open()
    assert breaker.is_open
    back.set()
    until(lambda: closed(breaker))
    assert breaker.call(abs, -1) == 1


def test_probe_that_fails_is_repeated():
    attempts = []

    def probe():
        attempts.append(1)
        if len(attempts) < 3:
            fail()

    breaker = CircuitBreaker("a server", probe, interval=0.001)
    breaker.open()
    until(lambda: closed(breaker))
    assert len(attempts) >= 3


def test_probe_runs_once_more_after_the_breaker_has_closed():
    """A writer found it open just before, and left an invalidation that the probe had missed."""
    probes = []
    breaker = CircuitBreaker("a server", lambda: probes.append(breaker.is_open), failures=1, interval=0.001)
    breaker.record_failure()
    until(lambda: len(probes) == 2)
    assert probes == [True, False]


def test_breaker_whose_probe_cannot_be_started_stays_closed_and_raises_nothing(monkeypatch, caplog):
    def no_more_threads(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no_more_threads)
    breaker = CircuitBreaker("a server", lambda: None)
    breaker.open()
    assert closed(breaker)
    assert "no thread for its probe can be started" in caplog.text


def test_breaker_of_many_threads_opens_once(breaker, caplog):
    def ask():
        for _ in range(50):
            with pytest.raises(RedisUnavailable):
                breaker.call(fail)

    in_threads(*[ask] * 8)
    assert breaker.is_open
    assert caplog.text.count("continuing without it") == 1
    assert sum(thread.name == "a server probe" for thread in threading.enumerate()) == 1


def test_forked_process_closes_the_breaker_that_it_inherited(breaker, back):
    breaker.open()
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        back.set()
        until(lambda: closed(breaker))
        os.write(writing, b"closed")
        os._exit(0)
    os.waitpid(pid, 0)
    assert os.read(reading, 20) == b"closed"
    assert breaker.is_open
    os.close(reading)
    os.close(writing)
