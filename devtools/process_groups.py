"""Ending process groups: the leader is asked, and what is left of the group is killed."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

GRACE_SECONDS = 6


def end_groups(leaders: Iterable[int], is_alive: Callable[[int], bool], hurry: Callable[[], bool]) -> None:
    """Ask the leaders to stop, wait up to ``GRACE_SECONDS`` or until ``hurry()``, then kill their groups.

    Only the leader is asked: a Celery worker lets its pool finish, which a signal to the pool's own
    processes would cut short.
    """
    leaders = list(leaders)
    for leader in filter(is_alive, leaders):
        with suppress(ProcessLookupError):
            os.kill(leader, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    while any(map(is_alive, leaders)) and time.monotonic() < deadline and not hurry():
        time.sleep(0.05)
    for leader in leaders:
        with suppress(ProcessLookupError, PermissionError):  # macOS: EPERM for a group of zombies
            os.killpg(leader, signal.SIGKILL)
