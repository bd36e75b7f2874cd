"""Side by side: whoever is compared runs in the same rounds, so that a busy machine is busy for both."""

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
        ours: this product; milliseconds unless ``unit`` says otherwise.
        beside: what it is compared with, and its cost.
        target: what was to be reached, in words.
        reached: whether it was.
    """

    what: str
    ours: float
    beside: dict[str, float]
    target: str
    reached: bool
    unit: str = "ms"


def medians(actions: dict[str, Action], *, rounds: int, repeat: int) -> dict[str, float]:
    """The median over ``rounds`` of each action's mean over ``repeat`` calls in a row, in milliseconds."""
    seen: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(rounds):
        for name, action in actions.items():
            seen[name].append(_mean(action, repeat))
    return {name: statistics.median(times) for name, times in seen.items()}


def milliseconds(action: Action) -> float:
    """How long one call takes."""
    return _mean(action, 1)


def _mean(action: Action, repeat: int) -> float:
    started = time.perf_counter_ns()
    for _ in range(repeat):
        action()
    return (time.perf_counter_ns() - started) / repeat / 1e6
