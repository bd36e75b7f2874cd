"""A commit that invalidates a detail, a family and a total, compared with the same commit on Django's engine.

The difference is two round trips to Redis, to set and to lift the fences, so the time of a bare round trip
is shown, too. On an idle machine it is mostly the time in which sleeping processes wake up.
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
MAX_MS = 0.4


class Committer:
    """The process of one contestant; it ends when its input is closed."""

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
    target = f"≤ +{MAX_MS} ms ({more:+.2f} ms)"
    yield Cost("SELECT, save(), COMMIT", ours, beside, target, more <= MAX_MS)
