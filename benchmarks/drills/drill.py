"""What a drill is, and all that there are by name. The modules of the families register theirs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

MAX_LIVE_MS = 200


class Unavailable(Exception):  # noqa: N818  (not an error of ours)
    """A program that the drill needs is not installed; the text says which."""


@dataclass
class Drill:
    """A fault, and what is allowed while it lasts.

    Attributes:
        environment: of the server.
        begin: causes the fault, or all of one that ends by itself.
        end: ends the fault; None if ``begin`` has ended it, or if it stays.
        seconds: how long it lasts.
        port: of a server that the drill has started; 0: one is started for it.
        allowed: the failures that a request may meet, such as ``"503"``.
        max_request_ms: the longest that a request may take.
        max_live_ms: the longest that /health/live may take.
        hits: whether cached values are served during the fault, after its onset; None: either.
        is_of_redis: no request may notice it, but for a moment at its onset.
        settle: waits for what must be done after the drill; returns a note, raises AssertionError.
    """

    environment: dict[str, str] = field(default_factory=dict)
    begin: Callable[[], object] = lambda: None
    end: Callable[[], object] | None = None
    seconds: float = 4.0
    port: int = 0
    allowed: frozenset[str] = frozenset()
    max_request_ms: float = float("inf")
    max_live_ms: float = MAX_LIVE_MS
    hits: bool | None = None
    is_of_redis: bool = False
    settle: Callable[[], str] = lambda: ""


Maker = Callable[[Path], contextlib.AbstractContextManager[Drill]]
DRILLS: dict[str, Maker] = {}


def drill(name: str) -> Callable[[Callable[[Path], Iterator[Drill]]], Callable[[Path], Iterator[Drill]]]:
    """Register a generator that prepares a drill in a folder, yields it, and cleans up."""

    def register(function: Callable[[Path], Iterator[Drill]]) -> Callable[[Path], Iterator[Drill]]:
        DRILLS[name] = contextlib.contextmanager(function)
        return function

    return register
