"""A circuit breaker: after a few failures in a row, stop asking for a while."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Breaker:
    """Guards calls to something that may hang, for one process and all its threads.

    Ask ``allow()`` before each call and report its outcome. After ``threshold`` failures in a row
    calls are refused for ``open_seconds``; then one caller at a time, every ``open_seconds``, is
    let through to see whether things are well again. One success closes the breaker.

    ``clock`` is a monotonic clock in seconds, so that a test can move the time.
    """

    def __init__(
        self,
        threshold: int = 3,
        open_seconds: float = 1.5,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._threshold = threshold
        self._open_seconds = open_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._closed_again_at = 0.0

    def allow(self) -> bool:
        """Whether to make the call now."""
        if self._failures < self._threshold:
            return True
        with self._lock:
            if self._clock() < self._closed_again_at:
                return False
            self._closed_again_at = self._clock() + self._open_seconds
            return True

    def succeeded(self) -> bool:
        """Report a success. True if it ends an outage: the call before it failed."""
        if not self._failures:  # the usual case costs no lock
            return False
        with self._lock:
            ended, self._failures = self._failures > 0, 0
            return ended

    def failed(self) -> bool:
        """Report a failure. True if it begins an outage: the call before it succeeded."""
        with self._lock:
            self._failures += 1
            if self._failures >= self._threshold:
                self._closed_again_at = self._clock() + self._open_seconds
            return self._failures == 1
