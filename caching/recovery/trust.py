"""Whether the answers of Redis may be believed."""

from __future__ import annotations

import time

# A check is good for this long; the watch thread makes one every TICK_SECONDS.
TRUST_SECONDS = 1.5
# A process that reaches Redis again serves nothing from it for this long: another one, whose breaker is
# still open, may be writing into the outbox what Redis must no longer serve. It is longer than a
# breaker's probe and the pause before it.
GRACE_SECONDS = 1.0
NEVER = -1


class Trust:
    """What the last check has found, and until when it holds.

    ::

        this process                    another one
                   Redis is away, and comes back
        checks: drains the outbox
                                        commits: its breaker is open, so into the outbox
        GET: old                        (in the grace: not believed)
                                        its breaker closes, and it drains the outbox
    """

    def __init__(self) -> None:
        self.breaks = NEVER  # how many connections had broken when the check began
        self.uncovered: frozenset[str] = frozenset()  # things that not all their tables report to
        self._until = 0.0
        self._began = 0.0  # when the check began that has confirmed it
        self._withdrawn_at = 0.0
        self._grace_ends = 0.0

    def is_valid(self, breaks: int) -> bool:
        """Return whether the last check still holds, with so many connections broken."""
        is_newer = self._began > self._withdrawn_at
        return is_newer and breaks == self.breaks and time.monotonic() < self._until

    def in_grace(self) -> bool:
        """Return whether answers are not to be believed although the check holds."""
        return time.monotonic() < self._grace_ends

    def confirm(self, breaks: int, began: float) -> None:
        """A check that began at ``began`` (monotonic) has found everything in order.

        One that began before the trust was withdrawn has not seen why, and confirms nothing.
        """
        if self.breaks not in {NEVER, breaks}:
            self._grace_ends = time.monotonic() + GRACE_SECONDS
        self.breaks = breaks
        self._began = began
        self._until = began + TRUST_SECONDS

    def withdraw(self) -> None:
        """A check has failed, or something has happened that asks for another one."""
        self._withdrawn_at = time.monotonic()
        self._until = 0.0
