"""What was decided about a request before it reached Django (edge/), so that Django does not repeat it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from caching.read.lookup import HeldLease

KEY = "syllabus.handoff"  # of the WSGI environment or ASGI scope; no header of a client gets such a name


class Handoff:
    """A decision of the rate limiter that was made for limits, None if none was made yet.

    Attributes:
        lease: under which the cached value is to be loaded, None if there is none.
        view_counted: whether the read was counted.
        matched: whether Django has counted the request in these limits and no others.
    """

    __slots__ = ("decision", "lease", "limits", "matched", "view_counted")

    def __init__(
        self,
        limits: Sequence[Any],
        decision: Any = None,
        lease: HeldLease | None = None,
        *,
        view_counted: bool = False,
    ) -> None:
        self.limits = limits
        self.decision = decision
        self.lease = lease
        self.view_counted = view_counted
        self.matched = False

    def take(self, limits: Sequence[Any]) -> Any:
        """Return the decision if it was made for these limits, else None."""
        self.matched = list(limits) == list(self.limits)
        return self.decision if self.matched else None


def handoff_of(request: Any) -> Handoff | None:
    """Return the request's handoff, None if it has none."""
    found: Handoff | None = getattr(request, "scope", request.META).get(KEY)
    return found
