"""Check two releases that share one cache: ``python -m benchmarks.releases``

It is a rolling deployment on a PostgreSQL and a Redis of the benchmark's own. The next release, whose values
have fields added, removed and retyped, migrates and starts while the first one runs. Both read and write.
The history is checked as in coherence.py; a value in the shape of the other release is counted, too.
"""

from __future__ import annotations

import argparse

from benchmarks.history.releases import Rollout
from benchmarks.history.report import table
from benchmarks.history.trial import Plan
from benchmarks.history.verdict import judge
from benchmarks.servers import BENCHMARKS, start_servers

MAX_SECONDS = 3600


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--reads", type=int, default=100_000, help="of both releases together")
    parser.add_argument("--processes", type=int, default=3, help="of each release; half of them write")
    parser.add_argument("--pause", type=float, default=0.02, help="seconds between two writes of a writer")
    parser.add_argument("--show", type=int, default=0, help="how many wrong reads to print")
    options = parser.parse_args()
    start_servers("releases")
    plan = Plan(MAX_SECONDS, options.processes, options.pause, options.reads // 2)
    rollout = Rollout(plan, BENCHMARKS / "releases" / "trial")
    verdict, broken = judge("both", rollout.run())
    for read, rules in broken[: options.show]:
        print(sorted(rules), read)
    print(table([verdict]))
    for share in rollout.shares():
        rate = f"{share.reads:,} reads, {share.hit_rate:.1%} hits"
        print(f"{share.release}: {rate}, {share.wrong_shapes} wrong shapes")


if __name__ == "__main__":
    main()
