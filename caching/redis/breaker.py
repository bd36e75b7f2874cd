"""A circuit breaker that recovers in a thread of its own, not in a request."""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from collections.abc import Callable
from typing import TypeVar

from caching.errors import RedisRefused, RedisUnavailable

Answer = TypeVar("Answer")

logger = logging.getLogger(__name__)

FAILURES_TO_OPEN = 2
SLOW_ANSWERS_TO_OPEN = 3
SLOW_SECONDS = 0.25
SLOW_FOR_SECONDS = 1.0
PROBE_INTERVAL_SECONDS = 0.25


class CircuitBreaker:
    """Stops asking a server that does not answer, or only slowly.

    It opens

    * after a few consecutive failures, or after one that took longer than ``slow_seconds``: requests
      must not wait for a hung server one after the other;
    * when every answer for some time has taken longer than ``slow_seconds``. One that is quick
      in between shows that the process itself was busy, or the server for a moment only.

    While it is open a daemon thread runs ``probe`` until that succeeds, so no request waits for a server
    that is away; then the breaker closes.

    A successful call takes no lock. Two threads may lose a count to each other; the next failure makes
    up for it.

    Args:
        name: what the log calls the server.
        probe: contacts the server and puts right what was missed; raises while it cannot.
        failures: consecutive failures that open the breaker.
        interval: seconds between two probes.
        slow_seconds: an answer or a failure that takes longer is slow.
        slow_for: seconds for which every answer must have been slow.

    Attributes:
        is_open: whether calls are refused.
    """

    def __init__(
        self,
        name: str,
        probe: Callable[[], object],
        *,
        failures: int = FAILURES_TO_OPEN,
        interval: float = PROBE_INTERVAL_SECONDS,
        slow_seconds: float = SLOW_SECONDS,
        slow_for: float = SLOW_FOR_SECONDS,
    ) -> None:
        self.name = name
        self.is_open = False
        self._probe = probe
        self._threshold = failures
        self._interval = interval
        self._slow_seconds = slow_seconds
        self._failures = 0
        self._slow_for = slow_for
        self._slow_answers = 0
        self._slow_since = 0.0
        self._lock = threading.Lock()
        os.register_at_fork(after_in_child=_continuing(weakref.ref(self)))

    def call(self, method: Callable[..., Answer], *args: object) -> Answer:
        """Return what ``method``, which asks the server, returns.

        Raises:
            RedisRefused: a healthy server refused the command; the breaker counts an answer.
            RedisUnavailable: no answer, or the breaker is open and the server was not asked.
        """
        if self.is_open:
            raise RedisUnavailable("the breaker is open")
        began = time.perf_counter()
        try:
            answer = method(*args)
        except RedisRefused:
            self.record_success(time.perf_counter() - began)
            raise
        except RedisUnavailable:
            self.record_failure(time.perf_counter() - began)
            raise
        self.record_success(time.perf_counter() - began)
        return answer

    def record_success(self, seconds: float = 0.0) -> None:
        """Count an answer that took so long."""
        if self._failures:
            self._failures = 0
        if seconds > self._slow_seconds:
            self._record_slow_answer(seconds)
        elif self._slow_answers:
            self._slow_answers = 0

    def record_failure(self, seconds: float = 0.0) -> None:
        """Count a failure that took so long."""
        with self._lock:
            self._failures += 1
            enough = self._failures >= self._threshold or seconds > self._slow_seconds
        if enough:
            self.open()

    def open(self) -> None:
        """Open at once, for example because an invalidation is missing that the probe will make."""
        with self._lock:
            if self.is_open:
                return
            self.is_open = True
        if self._start_probing():
            logger.warning("%s does not answer as it should: continuing without it", self.name)

    def _record_slow_answer(self, seconds: float) -> None:
        now = time.monotonic()
        with self._lock:
            if not self._slow_answers:
                self._slow_since = now - seconds
            self._slow_answers += 1
            lasted = now - self._slow_since
            enough = self._slow_answers >= SLOW_ANSWERS_TO_OPEN and lasted >= self._slow_for
        if enough:
            self.open()

    def _start_probing(self) -> bool:
        """Start the probe's thread. Without one the breaker would never close, so it stays closed."""
        probe = threading.Thread(target=self._recover, name=f"{self.name} probe", daemon=True)
        try:
            probe.start()
        except RuntimeError:
            self.is_open = False
            logger.exception("%s does not answer, and no thread can be started to watch it", self.name)
            return False
        return True

    def _recover(self) -> None:
        pause = threading.Event()
        pause.wait(self._interval)
        while not self._probe_succeeds():
            pause.wait(self._interval)
        self._failures = self._slow_answers = 0
        self.is_open = False
        logger.warning("%s answers again", self.name)
        # Writers that still found it open have left work to the probe, which may have run too early.
        if not self._probe_succeeds():
            self.open()

    def _probe_succeeds(self) -> bool:
        try:
            self._probe()
        except Exception as error:  # noqa: BLE001  (whatever it is, the server is not back)
            logger.debug("%s is still away: %s", self.name, error)
            return False
        return True

    def _continue_in_child(self) -> None:
        """A fork copies neither the probe's thread nor the thread that held the lock."""
        self._lock = threading.Lock()
        if self.is_open:
            self._start_probing()


def _continuing(breaker: weakref.ref[CircuitBreaker]) -> Callable[[], None]:
    def after_in_child() -> None:
        alive = breaker()
        if alive is not None:
            alive._continue_in_child()

    return after_in_child
