"""Is the cache ever wrong? ``python -m benchmarks.coherence [--short]``

Several processes read and write through each contestant's cache, on a real PostgreSQL and a real Redis
of their own. Every operation is stamped with a clock that the processes share, and the
history is judged afterwards: benchmarks/history/checker.py says by which rules.
"""

from __future__ import annotations

import argparse
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
CLUSTER = "cluster"  # all nodes of a Redis Cluster away, time and again
LONGEST_SECONDS = 3600  # for the reads that this product is to make


def main() -> None:
    from benchmarks.history.report import table
    from benchmarks.history.verdict import judge
    from benchmarks.servers import start_servers

    options = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that a trial ends its processes
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
    """What is to be run, by its name in the table."""
    from benchmarks.history.contestants import PRODUCT
    from benchmarks.history.faults import FAULTS
    from benchmarks.history.nemesis import ClusterNemesis, Nemesis
    from benchmarks.history.trial import Plan, Trial
    from benchmarks.servers import BENCHMARKS

    folder = BENCHMARKS / "coherence" / "trials"
    plan = Plan(options.seconds, options.processes, options.pause)
    long = replace(plan, seconds=LONGEST_SECONDS, reads=options.reads)
    if not options.nemesis:
        for name in options.contestants:
            yield name, Trial(name, long if name == PRODUCT and options.reads else plan, folder / name)
        return
    for fault in options.faults:
        # With a partition some lose Redis and others do not: the promise speaks of neither.
        faults = [name for name in FAULTS if name != "partition"] if fault == "all" else [fault]
        if fault == CLUSTER:
            yield "cluster away", ClusterNemesis(PRODUCT, plan, folder / fault, ["hang"])
        else:
            yield f"under {fault}", Nemesis(PRODUCT, plan, folder / fault, faults)


def parse_arguments() -> argparse.Namespace:
    from benchmarks.history.contestants import CONTESTANTS, installed
    from benchmarks.history.faults import FAULTS

    everything = [*FAULTS, "all", CLUSTER]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--short", action="store_true", help="three seconds for each, about a minute in all")
    parser.add_argument("--seconds", type=float, default=30, help="for each contestant or fault")
    parser.add_argument(
        "--reads", type=int, default=1_000_000, help="for this product; 0: as many as in --seconds"
    )
    parser.add_argument("--processes", type=int, default=5, help="half of them write")
    parser.add_argument("--pause", type=float, default=0.02, help="of a writer between writes, in seconds")
    parser.add_argument("--contestants", nargs="+", choices=CONTESTANTS, default=installed())
    parser.add_argument("--nemesis", action="store_true", help="this product alone, under faults")
    parser.add_argument("--faults", nargs="+", choices=everything, default=everything)
    parser.add_argument("--json", type=Path, help="write the verdicts there, too")
    parser.add_argument("--show", type=int, default=0, help="print so many wrong reads of each")
    options = parser.parse_args()
    if options.short:
        options.seconds, options.reads = 3, 0
    return options


if __name__ == "__main__":
    main()
