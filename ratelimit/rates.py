"""Rate limits and decisions: the types that Redis' limiter and the local one share."""

from __future__ import annotations

import math
import re
from functools import cached_property, lru_cache
from typing import NamedTuple

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
RATE = re.compile(r"(\d+)/(s|sec|second|m|min|minute|h|hour|d|day)")
OFF = {"", "off", "none"}


class Limit(NamedTuple):
    """One client's share of one scope: at most ``max_requests`` in any ``window`` seconds."""

    scope: str
    max_requests: int
    window: int
    client: str

    @property
    def key(self) -> str:
        return f"throttle:{self.window}:{self.scope}:{self.client}"


class Usage(NamedTuple):
    """What is left of a limit, and in how many seconds there will be room for one more."""

    limit: Limit
    left: int
    reset_seconds: float


class Decision:
    """Whether a request passes: it does if every one of its limits has room, else it takes none."""

    def __init__(self, wait_seconds: float, usages: list[Usage]) -> None:
        self.wait_seconds = wait_seconds
        self.usages = usages

    @property
    def passes(self) -> bool:
        return self.wait_seconds == 0

    @property
    def violated(self) -> list[str]:
        """The scopes that refused the request."""
        return [] if self.passes else [usage.limit.scope for usage in self.usages if not usage.left]

    @cached_property
    def headers(self) -> dict[str, str]:
        """``RateLimit`` and ``RateLimit-Policy`` (draft-ietf-httpapi-ratelimit-headers-10)."""
        if not self.usages:
            return {}
        return {
            "RateLimit": ", ".join(
                f'"{q.limit.scope}";r={q.left};t={math.ceil(q.reset_seconds)}' for q in self.usages
            ),
            "RateLimit-Policy": ", ".join(
                f'"{b.scope}";q={b.max_requests};w={b.window}' for b, _, _ in self.usages
            ),
        }


@lru_cache(maxsize=256)
def parse_rate(rate: str | None) -> tuple[int, int] | None:
    """Return requests and seconds: ``(60, 60)`` of ``"60/min"``; None for a rate that is switched off.

    Raises:
        ValueError: it is not a rate; the text says what is one.
    """
    if rate is None or rate.strip().lower() in OFF:
        return None
    match = RATE.fullmatch(rate.strip().lower())
    if match is None:
        raise ValueError(f"{rate!r} is not a rate: write it as 10/s, 60/min, 500/hour, 1000/day, or off")
    return int(match[1]), SECONDS[match[2][0]]
