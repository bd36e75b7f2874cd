"""Work on other threads, each with a database connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection, connections

from tests.support.waiting import a_session_waits_for_a_lock, until

DEADLINE_SECONDS = 20


def at_once(*calls: Callable[[], Any], expected: tuple[type[Exception], ...] = ()) -> list[Any]:
    """Start all calls at the same moment.

    What each returned, in their order, or raised, where that is ``expected``.

    Raises:
        what else one of them raised.
    """
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            gate.wait(DEADLINE_SECONDS)
            return call()
        except expected as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


class Other:
    """Work that goes on beside the test's own."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._executor = ThreadPoolExecutor(1)
        self._future = self._executor.submit(self._run, work)

    def _run(self, work: Callable[[], Any]) -> Any:
        try:
            return work()
        finally:
            connections.close_all()

    def result(self) -> Any:
        """What the work returned, or raised."""
        try:
            return self._future.result(DEADLINE_SECONDS)
        finally:
            self._executor.shutdown()

    def wait_until_it_waits(self) -> None:
        """Return when the other waits for a lock of ours, or has done without."""
        until(lambda: self._future.done() or a_session_waits_for_a_lock())
