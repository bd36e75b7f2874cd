"""Measurements in alternate rounds, so that other load on the machine affects all contestants alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

Action = Callable[[], object]


@dataclass
class Cost:
    """One line of the table.

    Attributes:
        what: what was measured.
        ours: the cost of this product, in ``unit``: milliseconds by default.
        beside: the cost of each contestant with which it is compared.
        target: a description of the target.
        reached: whether the target was reached.
    """

    what: str
    ours: float
    beside: dict[str, float]
    target: str
    reached: bool
    unit: str = "ms"


def medians(actions: dict[str, Action], *, rounds: int, repeat: int) -> dict[str, float]:
    """Return each action's median over the rounds of its mean over ``repeat`` calls, in milliseconds."""
    seen: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(rounds):
        for name, action in actions.items():
            seen[name].append(_mean(action, repeat))
    return {name: statistics.median(times) for name, times in seen.items()}


def milliseconds(action: Action) -> float:
    """Return how long one call takes."""
    return _mean(action, 1)


def _mean(action: Action, repeat: int) -> float:
    started = time.perf_counter_ns()
    for _ in range(repeat):
        action()
    return (time.perf_counter_ns() - started) / repeat / 1e6
