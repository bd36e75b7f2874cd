"""A commit that touches a detail, a family and a total, beside the same with Django's own engine.

What it costs more is two round trips to Redis, for the fence and for the lift, so a bare one is shown
too: on a machine that is otherwise idle it is mostly the time in which sleeping processes wake up.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator

import redis
from django.conf import settings

from benchmarks.costs.measure import Cost, milliseconds

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
    round_trips: list[float] = []
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        for _ in range(ROUNDS):
            for committer in committers.values():
                committer.times += committer.work(COMMITS)
            round_trips += [milliseconds(client.ping) for _ in range(COMMITS)]
    for committer in committers.values():
        committer.end()
    ours, stock = (statistics.median(committer.times) for committer in committers.values())
    beside = {"Django's engine": stock, "PING": statistics.median(round_trips)}
    more = ours - stock
    target = f"≤ +{MOST_MS} ms ({more:+.2f} ms)"
    yield Cost("SELECT, save(), COMMIT", ours, beside, target, more <= MOST_MS)
