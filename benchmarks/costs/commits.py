"""A commit that touches a detail, a family and a whole pattern, beside the same with Django's own engine."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.costs.measure import Cost

ROUNDS, COMMITS = 30, 50
MOST_MS = 0.4


class Committer:
    """A process of a contestant's own; it ends with its input."""

    def __init__(self, contestant: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.costs.committer"],
            env={**os.environ, "CONTESTANT": contestant},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.times: list[float] = []

    def work(self, commits: int) -> list[float]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{commits}\n")
        self._process.stdin.flush()
        return list(json.loads(self._process.stdout.readline()))

    def end(self) -> None:
        self._process.communicate()


def costs() -> Iterator[Cost]:
    committers = {name: Committer(name) for name in ("syllabus", "no-cache")}
    for committer in committers.values():
        committer.work(COMMITS)  # warm
    for _ in range(ROUNDS):
        for committer in committers.values():
            committer.times += committer.work(COMMITS)
    for committer in committers.values():
        committer.end()
    ours, stock = (statistics.median(committer.times) for committer in committers.values())
    more = ours - stock
    target = f"≤ +{MOST_MS} ms ({more:+.2f} ms)"
    yield Cost("SELECT, save(), COMMIT", ours, {"Django's engine": stock}, target, more <= MOST_MS)
