"""A circuit breaker whose probes run in a thread of its own, not in a request."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from caching.errors import RedisRefused, RedisUnavailable
from caching.redis.forks import after_fork

Answer = TypeVar("Answer")

logger = logging.getLogger(__name__)

FAILURES_TO_OPEN = 2
SLOW_ANSWERS_TO_OPEN = 3
SLOW_SECONDS = 0.25
SLOW_FOR_SECONDS = 1.0
PROBE_INTERVAL_SECONDS = 0.25


class CircuitBreaker:
    """Refuses calls to a server that does not answer, or that answers slowly.

    It opens

    * after a few consecutive failures, or after one that took longer than ``slow_seconds``: requests
      must not wait for a hung server one after the other;
    * when every answer for some time has taken longer than ``slow_seconds``. A quick answer in between
      shows that the process itself was busy, or the server only for a moment.

    While it is open, a daemon thread runs ``probe`` until that succeeds; then the breaker closes. So no
    request waits for a server that is unavailable.

    A successful call takes no lock. Two threads may lose a count; the next failure corrects it.

    Args:
        name: the name of the server in the log.
        probe: connects to the server and repeats what it has missed; raises while that fails.
        failures: the number of consecutive failures that open the breaker.
        interval: seconds between two probes.
        slow_seconds: an answer or a failure that takes longer is slow.
        slow_for: seconds for which every answer must be slow before the breaker opens.

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
        after_fork(self._continue_in_child)

    def call(self, method: Callable[..., Answer], *args: object) -> Answer:
        """Call ``method``, which sends something to the server, and return its result.

        Raises:
            RedisRefused: a healthy server refused the command; the breaker counts it as an answer.
            RedisUnavailable: no answer; or the breaker is open, and nothing was sent.
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
        """Count an answer that took this many seconds."""
        if self._failures:
            self._failures = 0
        if seconds > self._slow_seconds:
            self._record_slow_answer(seconds)
        elif self._slow_answers:
            self._slow_answers = 0

    def record_failure(self, seconds: float = 0.0) -> None:
        """Count a failure that took this many seconds."""
        with self._lock:
            self._failures += 1
            enough = self._failures >= self._threshold or seconds > self._slow_seconds
        if enough:
            self.open()

    def open(self) -> None:
        """Open at once, for example because the probe must run an invalidation that failed."""
        with self._lock:
            if self.is_open:
                return
            self.is_open = True
        if self._start_probing():
            logger.warning("%s does not answer, or is slow: continuing without it", self.name)

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
        """Start the probe's thread and return whether that succeeded.

        Without a thread the breaker would never close, so it stays closed.
        """
        probe = threading.Thread(target=self._recover, name=f"{self.name} probe", daemon=True)
        try:
            probe.start()
        except RuntimeError:
            self.is_open = False
            logger.exception("%s does not answer, and no thread for its probe can be started", self.name)
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
        # A writer that found it open has left work to the probe, which may have run before that.
        if not self._probe_succeeds():
            self.open()

    def _probe_succeeds(self) -> bool:
        try:
            self._probe()
        except Exception as error:  # noqa: BLE001  (whatever it is, the server is not available)
            logger.debug("%s is still away: %s", self.name, error)
            return False
        return True

    def _continue_in_child(self) -> None:
        """In a forked process, start what a fork does not copy: the probe's thread and a free lock."""
        self._lock = threading.Lock()
        if self.is_open:
            self._start_probing()
