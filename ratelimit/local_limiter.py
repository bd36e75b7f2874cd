"""The rate limits of one process, for when Redis is away."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from ratelimit.rates import Decision, Limit, Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class LocalLimiter:
    """The same moving windows as ratelimit/lua/throttle.lua, in this process's memory.

    It is exact among the threads of the process; several processes each allow the full rate. It deletes
    ended windows whenever it holds ``sweep_at`` of them, so its memory is bounded by the clients of the
    longest window.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, sweep_at: int = 10_000) -> None:
        self._clock = clock
        self._unlock()
        os.register_at_fork(after_in_child=self._unlock)
        self._logs: dict[str, deque[float]] = {}
        self._windows: dict[str, int] = {}
        self._sweep_at = self._least_sweep = sweep_at

    def _unlock(self) -> None:
        """Make a new lock: after a fork the old one may be locked by a thread that is not there."""
        self._lock = threading.Lock()

    def decide(self, limits: Sequence[Limit]) -> Decision:
        """Let the request pass and count it in every limit, or refuse it and count it in none."""
        with self._lock:
            now = self._clock()
            logs = [self._log(limit, now) for limit in limits]
            wait = max(map(_wait, limits, logs, [now] * len(logs)), default=0.0)
            if wait == 0:
                for log in logs:
                    log.append(now)
            return Decision(wait, [_usage(b, log, now) for b, log in zip(limits, logs, strict=True)])

    def _log(self, limit: Limit, now: float) -> deque[float]:
        """Return the times of the requests in the limit's window, oldest first."""
        if len(self._logs) >= self._sweep_at:
            self._sweep(now)
        key = limit.key
        log = self._logs.setdefault(key, deque())
        self._windows[key] = limit.window
        while log and log[0] <= now - limit.window:
            log.popleft()
        return log

    def _sweep(self, now: float) -> None:
        for key, log in list(self._logs.items()):
            if not log or log[-1] <= now - self._windows[key]:
                del self._logs[key], self._windows[key]
        # What is left is in use, so the next sweep waits until it has doubled.
        self._sweep_at = max(self._least_sweep, 2 * len(self._logs))


def _wait(limit: Limit, log: deque[float], now: float) -> float:
    surplus = len(log) - limit.max_requests
    if surplus < 0:
        return 0.0
    blocking = log[surplus] if limit.max_requests else now
    return blocking + limit.window - now


def _usage(limit: Limit, log: deque[float], now: float) -> Usage:
    oldest = log[0] if log else now
    return Usage(limit, max(limit.max_requests - len(log), 0), oldest + limit.window - now)
