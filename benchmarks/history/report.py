"""The table of verdicts."""

from __future__ import annotations

from benchmarks.history.checker import VIOLATIONS
from benchmarks.history.verdict import Verdict

HEADINGS = (
    "contestant",
    "reads",
    "hit rate",
    *VIOLATIONS,
    "stale for",
    "wrong at rest",
    "SQL/read",
    "HIT p50",
    "read p99",
    "writes",
    "commit p50",
)


def table(verdicts: list[Verdict]) -> str:
    """Return the verdicts as lines of aligned columns."""
    rows = [HEADINGS, *(_row(verdict) for verdict in verdicts)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def _row(v: Verdict) -> tuple[str, ...]:
    return (
        v.contestant,
        f"{v.reads:,}",
        f"{v.hit_rate:.1%}",
        *(_wrong(v.wrong[rule], v.reads) for rule in VIOLATIONS),
        _milliseconds(v.stale_for),
        f"{v.wrong_after_quiescence} of {v.keys}",
        f"{v.statements_per_read:.3f}",
        _milliseconds(v.hit_p50),
        _milliseconds(v.read_p99),
        f"{v.writes:,}",
        _milliseconds(v.commit_p50),
    )


def _wrong(count: int, reads: int) -> str:
    return f"{count} ({count / reads:.2%})" if count else "0"


def _milliseconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} ms"
