"""Waiting for a condition, never for an amount of time."""

from __future__ import annotations

import time
from collections.abc import Callable

DEADLINE_SECONDS = 20


def until(condition: Callable[[], object]) -> None:
    """Return as soon as ``condition`` holds.

    Raises:
        AssertionError: it still does not after twenty seconds.
    """
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)
