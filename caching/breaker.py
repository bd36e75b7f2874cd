"""A circuit breaker whose recovery is somebody else's time, not a request's."""

from __future__ import annotations

import logging
import os
import threading
import weakref
from collections.abc import Callable
from typing import TypeVar

from caching.errors import Unreachable

Answer = TypeVar("Answer")

logger = logging.getLogger(__name__)

FAILURES_TO_OPEN = 2
PROBE_INTERVAL_SECONDS = 0.25


class Breaker:
    """Stops asking a server that does not answer.

    Opens after a few consecutive failures. While it is open a daemon thread runs ``probe`` until it
    succeeds, so no request ever waits for a hung server again; then the breaker closes.

    Args:
        name: what the log calls the server.
        probe: contacts the server and puts right what was missed; raises while it cannot.
        failures: consecutive failures that open the breaker.
        interval: seconds between two probes.
    """

    def __init__(
        self,
        name: str,
        probe: Callable[[], object],
        *,
        failures: int = FAILURES_TO_OPEN,
        interval: float = PROBE_INTERVAL_SECONDS,
    ) -> None:
        self.name = name
        self.is_open = False
        self._probe = probe
        self._threshold = failures
        self._interval = interval
        self._failures = 0
        self._lock = threading.Lock()
        os.register_at_fork(after_in_child=_forked(weakref.ref(self)))

    def ask(self, method: Callable[..., Answer], *args: object) -> Answer:
        """What ``method``, which asks the server, answers.

        Raises:
            Unreachable: no answer, or the breaker is open and nobody was asked.
        """
        if self.is_open:
            raise Unreachable("the breaker is open")
        try:
            answer = method(*args)
        except Unreachable:
            self.failed()
            raise
        self.succeeded()
        return answer

    def succeeded(self) -> None:
        """Note an answer."""
        if self._failures:
            self._failures = 0

    def failed(self) -> None:
        """Note a failure; the last of a few in a row opens the breaker."""
        with self._lock:
            self._failures += 1
            enough = self._failures >= self._threshold
        if enough:
            self.trip()

    def trip(self) -> None:
        """Open at once: something is owed to the server, and the probe will see to it."""
        with self._lock:
            if self.is_open:
                return
            self.is_open = True
        try:
            self._watch()
        except RuntimeError:  # no more threads: without a probe it would stay open for ever
            self.is_open = False
            raise
        logger.warning("%s does not answer: going on without it", self.name)

    def _watch(self) -> None:
        threading.Thread(target=self._recover, name=f"{self.name} probe", daemon=True).start()

    def _recover(self) -> None:
        pause = threading.Event()
        pause.wait(self._interval)
        while not self._probe_succeeds():
            pause.wait(self._interval)
        self._failures = 0
        self.is_open = False
        logger.warning("%s answers again", self.name)
        # Whoever still found it open has left to the probe what the probe had come too early for.
        if not self._probe_succeeds():
            self.trip()

    def _probe_succeeds(self) -> bool:
        try:
            self._probe()
        except Exception as error:  # noqa: BLE001  (whatever it is, the server is not back)
            logger.debug("%s is still away: %s", self.name, error)
            return False
        return True

    def _continue_in_child(self) -> None:
        """A fork copies neither the probe's thread nor whoever held the lock."""
        self._lock = threading.Lock()
        if self.is_open:
            self._watch()


def _forked(breaker: weakref.ref[Breaker]) -> Callable[[], None]:
    def after_in_child() -> None:
        alive = breaker()
        if alive is not None:
            alive._continue_in_child()

    return after_in_child
