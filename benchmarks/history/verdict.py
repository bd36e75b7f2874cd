"""A history in numbers."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.history.checker import STALE, VIOLATIONS, Checker
from benchmarks.history.log import Read
from benchmarks.history.trial import History


@dataclass
class Verdict:
    """The result of a trial. Times are in milliseconds; None if there was no such event.

    Attributes:
        stale_for: the longest time for which a value was shown after it was replaced.
    """

    contestant: str
    reads: int
    hit_rate: float
    wrong: dict[str, int]
    stale_for: float | None
    wrong_after_quiescence: int
    keys: int
    statements_per_read: float
    hit_p50: float | None
    read_p99: float | None
    writes: int
    commit_p50: float | None


def judge(contestant: str, history: History) -> tuple[Verdict, list[tuple[Read, set[str]]]]:
    """Return the verdict and the reads that violate a rule."""
    checker = Checker(history.registers)
    broken = checker.judge(history.reads)
    reads = history.reads
    hits = [read.ended - read.began for read in reads if not read.statements]
    commits = [
        attempt.ended - attempt.committing
        for attempt in history.attempts.values()
        if attempt.outcome == "acknowledged" and attempt.kind == "admin" and attempt.ended
    ]
    verdict = Verdict(
        contestant=contestant,
        reads=len(reads),
        hit_rate=len(hits) / max(1, len(reads)),
        wrong={rule: sum(rule in rules for _, rules in broken) for rule in VIOLATIONS},
        stale_for=percentile([checker.age(read) for read, rules in broken if STALE in rules], 1.0),
        wrong_after_quiescence=sum(checker.differs_from_database(read) for read in history.final),
        keys=len(history.final),
        statements_per_read=sum(read.statements for read in reads) / max(1, len(reads)),
        hit_p50=percentile(hits, 0.50),
        read_p99=percentile([read.ended - read.began for read in reads], 0.99),
        writes=sum(a.outcome == "acknowledged" for a in history.attempts.values()),
        commit_p50=percentile(commits, 0.50),
    )
    return verdict, broken


def percentile(nanoseconds: list[int], share: float) -> float | None:
    """Return a percentile in milliseconds, None if there are no values."""
    if not nanoseconds:
        return None
    ordered = sorted(nanoseconds)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] / 1e6
