"""Is the cache ever wrong? ``python benchmarks/coherence.py [--short]``

Several processes read and write through each contestant's cache, on a real PostgreSQL and a real Redis
of their own (var/bench). Every operation is stamped with a clock that the processes share, and the
history is judged afterwards: benchmarks/history/checker.py says by which rules.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.history.trial import Plan, Trial

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


def main() -> None:
    options = parse_arguments()
    from benchmarks.history import report, trial
    from benchmarks.servers import start_servers

    start_servers()

    plan = trial.Plan(options.seconds, options.readers, options.writers, options.pause)
    verdicts = []
    for name, a_trial in trials(options, plan):
        print(f"{name}: {options.seconds:g} s …", file=sys.stderr, flush=True)
        verdict, broken = trial.judge(name, a_trial.run())
        verdicts.append(verdict)
        for read, rules in broken[: options.show]:
            print(sorted(rules), read, file=sys.stderr)
    print(report.table(verdicts))
    if options.json:
        options.json.write_text(json.dumps([asdict(verdict) for verdict in verdicts], indent=2) + "\n")


def trials(options: argparse.Namespace, plan: Plan) -> Iterator[tuple[str, Trial]]:
    """What is to be run, by its name in the table."""
    from benchmarks.history.faults import FAULTS
    from benchmarks.history.nemesis import Nemesis
    from benchmarks.history.trial import Trial

    folder = ROOT / "var" / "bench" / "coherence"
    if not options.nemesis:
        for name in options.contestants:
            yield name, Trial(name, plan, folder / name)
        return
    for fault in options.faults or [*FAULTS, "all"]:
        # With a partition some lose Redis and others do not: the promise speaks of neither.
        faults = [name for name in FAULTS if name != "partition"] if fault == "all" else [fault]
        yield f"under {fault}", Nemesis("syllabus", plan, folder / fault, faults)


def parse_arguments() -> argparse.Namespace:
    from benchmarks.history.contestants import CONTESTANTS
    from benchmarks.history.faults import FAULTS

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--short", action="store_true", help="about a minute for everything")
    parser.add_argument("--seconds", type=float, default=20, help="for each contestant")
    parser.add_argument("--readers", type=int, default=3, help="processes that read")
    parser.add_argument("--writers", type=int, default=2, help="processes that write")
    parser.add_argument("--pause", type=float, default=0.02, help="of a writer between writes, seconds")
    parser.add_argument("--contestants", nargs="+", choices=CONTESTANTS, default=list(CONTESTANTS))
    parser.add_argument("--nemesis", action="store_true", help="this product alone, under faults")
    parser.add_argument("--faults", nargs="+", choices=[*FAULTS, "all"], help="of the nemesis")
    parser.add_argument("--json", type=Path, help="write the verdicts there too")
    parser.add_argument("--show", type=int, default=0, help="print so many wrong reads of each")
    options = parser.parse_args()
    if options.short:
        options.seconds = 3
    return options


if __name__ == "__main__":
    main()
