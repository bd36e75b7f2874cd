"""Find wrong reads of each cache: ``python -m benchmarks.coherence [--short]``

Several processes read and write through each contestant's cache, on a PostgreSQL and a Redis of their own.
Each operation is recorded with the time of a clock that the processes share. Afterwards the history is
checked by the rules in benchmarks/history/checker.py.
"""

from __future__ import annotations

import argparse
import itertools
import json
import signal
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.history.trial import Trial

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
CLUSTER = "cluster"  # all nodes of a Redis Cluster stop, several times
MAX_SECONDS = 3600  # for the number of reads of this product


def main() -> None:
    from benchmarks.history.report import table
    from benchmarks.history.verdict import judge
    from benchmarks.servers import start_servers

    options = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # SystemExit lets a trial end its processes
    start_servers("coherence")
    verdicts = []
    for name, trial in trials(options):
        print(f"{name} …", file=sys.stderr, flush=True)
        verdict, broken = judge(name, trial.run())
        verdicts.append(verdict)
        for read, rules in broken[: options.show]:
            print(sorted(rules), read, file=sys.stderr)
    print(table(verdicts))
    if options.json:
        options.json.write_text(json.dumps([asdict(verdict) for verdict in verdicts], indent=2) + "\n")


def trials(options: argparse.Namespace) -> Iterator[tuple[str, Trial]]:
    """Yield the trials to run, each with its name in the table."""
    from benchmarks.history.contestants import OURS, PRODUCT, installed
    from benchmarks.history.faults import FAULTS
    from benchmarks.history.nemesis import ClusterNemesis, Nemesis
    from benchmarks.history.trial import Plan, Trial
    from benchmarks.servers import BENCHMARKS

    folder = BENCHMARKS / "coherence" / "trials"
    plan = Plan(options.seconds, options.processes, options.pause)
    long = replace(plan, seconds=MAX_SECONDS, reads=options.reads)
    if not options.nemesis:
        for name in options.contestants or installed():
            is_long = name in OURS and options.reads
            yield name, Trial(name, long if is_long else plan, folder / name)
        return
    for name, fault in itertools.product(options.contestants or [PRODUCT], options.faults):
        # Without a partition, in which only some processes lose Redis: the cache promises nothing for that.
        faults = [name for name in FAULTS if name != "partition"] if fault == "all" else [fault]
        if fault == CLUSTER:
            yield f"{name}, cluster away", ClusterNemesis(name, plan, folder / f"{name}-{fault}", ["hang"])
        else:
            yield f"{name}, {fault}", Nemesis(name, plan, folder / f"{name}-{fault}", faults)


def parse_arguments() -> argparse.Namespace:
    from benchmarks.history.contestants import CONTESTANTS, OURS
    from benchmarks.history.faults import FAULTS

    everything = [*FAULTS, "all", CLUSTER]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--short", action="store_true", help="three seconds for each, a minute in total")
    parser.add_argument("--seconds", type=float, default=30, help="for each contestant or fault")
    parser.add_argument(
        "--reads", type=int, default=1_000_000, help="of this product; 0: as many as in --seconds"
    )
    parser.add_argument("--processes", type=int, default=5, help="half of them write")
    parser.add_argument("--pause", type=float, default=0.02, help="seconds between two writes of a writer")
    parser.add_argument("--contestants", nargs="+", choices=CONTESTANTS, help="all that are installed")
    parser.add_argument("--nemesis", action="store_true", help="this product, or its edge, under faults")
    parser.add_argument("--faults", nargs="+", choices=everything, default=everything)
    parser.add_argument("--json", type=Path, help="also write the verdicts to this file")
    parser.add_argument("--show", type=int, default=0, help="how many wrong reads of each to print")
    options = parser.parse_args()
    if options.short:
        options.seconds, options.reads = 3, 0
    if options.nemesis and not {*(options.contestants or ())} <= {*OURS}:
        parser.error(f"--nemesis: only {', '.join(OURS)}")
    return options


if __name__ == "__main__":
    main()
