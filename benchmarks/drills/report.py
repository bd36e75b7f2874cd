"""The table of the drills, and the bounds that each must keep."""

from __future__ import annotations

from collections import Counter

from benchmarks.drills.drill import MAX_LIVE_MS, Drill
from benchmarks.drills.load import LIVE, READY, Answer, Trial, percentile

MAX_READY_MS, MAX_RECOVERY_SECONDS = 2_500, 5.0
# Of a drill of Redis: in the first moment, and how much slower requests may be after it.
ONSET_SECONDS, MAX_ONSET_MS, MAX_MORE_MS = 1.5, 1_000, 50
BOUNDS = (
    f"Bounds: no 500; only the failures that a drill allows (503 without PostgreSQL); live within "
    f"{MAX_LIVE_MS} ms, ready within {MAX_READY_MS} ms; the last request that failed or took more than a "
    f"second within {MAX_RECOVERY_SECONDS:g} s of the fault's end; nothing stale."
)
HEADER = (
    f"{'':40} {'re-':>6} {'':20} {'p95, ms':>20} {'slowest, ms':>20} {'live':>5} {'ready':>6} {'reco-':>6}\n"
    f"{'':40} {'quests':>6} {'failures':20} {'before/during/after':>20} {'before/during/after':>20} "
    f"{'ms':>5} {'ms':>6} {'very s':>6} stale"
)
PHASES = ("before", "during", "after")


def missed(drill: Drill, trial: Trial) -> list[str]:
    """Return the bounds that were not kept."""
    failures = Counter(answer.failure for answer in trial.measured() if answer.failure)
    live, ready = (_slowest(_probes(trial, path)) for path in (LIVE, READY))
    settled = trial.starts["during"] + ONSET_SECONDS
    hits = sum(answer.x_cache == "HIT" and answer.began >= settled for answer in trial.span("during"))
    kept = {
        "500": "500" not in failures,
        "failures": set(failures) <= drill.allowed,
        "live": live <= drill.max_live_ms and not any(probe.failure for probe in _probes(trial, LIVE)),
        "ready": ready <= MAX_READY_MS,
        "recovery": trial.recovery() <= MAX_RECOVERY_SECONDS,
        "stale": not trial.stale(),
        "slowest": _slowest(trial.measured()) <= drill.max_request_ms,
        "hits": drill.hits in {None, bool(hits)},
        "load": all(trial.span(phase) for phase in ("before", "after")),
        **(_of_redis(trial) if drill.is_of_redis else {}),
    }
    return [name for name, is_kept in kept.items() if not is_kept]


def line(name: str, trial: Trial) -> str:
    """Return the line of a drill in the table."""
    failures = Counter(answer.failure for answer in trial.measured() if answer.failure)
    found = ", ".join(f"{count} × {failure}" for failure, count in sorted(failures.items()))
    p95 = "/".join(f"{percentile(trial.span(phase), 0.95):.0f}" for phase in PHASES)
    slowest = "/".join(f"{_slowest(trial.span(phase)):.0f}" for phase in PHASES)
    live, ready = (_slowest(_probes(trial, path)) for path in (LIVE, READY))
    return (
        f"{name:40} {len(trial.measured()):6,} {found or '-':20} {p95:>20} {slowest:>20} "
        f"{live:5.0f} {ready:6.0f} {trial.recovery():6.1f} {trial.stale():5}"
    )


def _of_redis(trial: Trial) -> dict[str, bool]:
    began = trial.starts["during"] + ONSET_SECONDS
    during = trial.span("during")
    onset, later = ([a for a in during if (a.began >= began) is is_later] for is_later in (False, True))
    more = percentile(later, 0.95) - percentile(trial.span("before"), 0.95)
    return {"onset": percentile(onset, 0.95) <= MAX_ONSET_MS, "during": more <= MAX_MORE_MS}


def _probes(trial: Trial, path: str) -> list[Answer]:
    return [a for a in trial.probes if a.family == path and a.began >= trial.starts["before"]]


def _slowest(answers: list[Answer]) -> float:
    return max((answer.ms for answer in answers), default=0.0)
