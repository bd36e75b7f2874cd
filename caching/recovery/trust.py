"""Trust: whether the values in Redis are certain not to be stale."""

from __future__ import annotations

import time

# How long a check is valid; the watch thread makes one every TICK_SECONDS.
TRUST_SECONDS = 1.5
# The grace period: how long a process serves no values from Redis after it reaches Redis again. Another
# process, whose breaker is still open, may write an invalidation of such a value to the outbox. The period
# is longer than a breaker's probe and the pause before it.
GRACE_SECONDS = 1.0
NEVER = -1


class Trust:
    """The result of the last check, and the time until which it is valid.

    ::

        this process                    another process
                   Redis is unavailable, and becomes available
        checks: drains the outbox
                                        commits: its breaker is open, so it writes to the outbox
        GET: old                        (ignored in the grace period)
                                        its breaker closes, and it drains the outbox
    """

    def __init__(self) -> None:
        self.breaks = NEVER  # how many connections had broken when the check began
        self.uncovered: frozenset[str] = frozenset()  # keys of declarations whose triggers are missing
        self._until = 0.0
        self._began = 0.0  # when the last successful check began
        self._withdrawn_at = 0.0
        self._grace_ends = 0.0

    def is_valid(self, breaks: int) -> bool:
        """Return whether the last check is still valid, given how many connections have broken."""
        is_newer = self._began > self._withdrawn_at
        return is_newer and breaks == self.breaks and time.monotonic() < self._until

    def in_grace(self) -> bool:
        """Return whether the grace period lasts: values may be stale although the check is valid."""
        return time.monotonic() < self._grace_ends

    def confirm(self, breaks: int, began: float) -> None:
        """Record that a check that began at ``began`` (monotonic) has succeeded.

        A check that began before the last withdrawal may have missed its reason and confirms nothing.
        """
        if self.breaks not in {NEVER, breaks}:
            self._grace_ends = time.monotonic() + GRACE_SECONDS
        self.breaks = breaks
        self._began = began
        self._until = began + TRUST_SECONDS

    def withdraw(self) -> None:
        """Record that a check has failed, or that an event makes another check necessary."""
        self._withdrawn_at = time.monotonic()
        self._until = 0.0
