"""Waiting for a condition, never for an amount of time."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.db import connection

DEADLINE_SECONDS = 60
PAUSE_SECONDS = 0.01


def until(condition: Callable[[], object], seconds: float = DEADLINE_SECONDS) -> float:
    """Return as soon as ``condition`` holds; the seconds that it took.

    Raises:
        AssertionError: it still does not after ``seconds``.
    """
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"waited in vain for {seconds} s"
        time.sleep(PAUSE_SECONDS)
    return time.monotonic() - began


def a_session_waits_for_a_lock() -> bool:
    """Whether a statement on another connection to the database is held up by a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted")
        return cursor.fetchone() is not None
