"""One contestant, from the empty database to its verdict."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg2
import redis

from benchmarks.history import journal
from benchmarks.history.checker import STALE, VIOLATIONS, Checker
from benchmarks.history.log import Attempt, Read, parse

ROOT = Path(__file__).resolve().parent.parent.parent
WORKER_START_SECONDS = 2.0


@dataclass
class History:
    """Everything that the processes of a trial noted, and what the database says."""

    reads: list[Read]
    final: list[Read]
    attempts: dict[str, Attempt]
    registers: dict[str, journal.Register]


@dataclass
class Plan:
    """How long, how many processes, how often they write.

    Attributes:
        pause: mean pause of a writer between two writes, in seconds.
    """

    seconds: float
    readers: int
    writers: int
    pause: float


class Trial:
    """Runs a contestant's processes in a folder of their own."""

    def __init__(self, contestant: str, plan: Plan, folder: Path) -> None:
        self.contestant = contestant
        self.plan = plan
        self.folder = folder
        self.redis_url = os.environ["REDIS_URL"]
        self.environment = {
            **os.environ,
            "CONTESTANT": contestant,
            "DJANGO_SETTINGS_MODULE": "benchmarks.history.settings",
            "PYTHONPATH": str(ROOT),
        }

    def run(self) -> History:
        """Prepare, work, ask once more for everything, and collect."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self._prepare()
        self._work()
        self._wait(self._worker("final", "final", 0.0))
        return self.collect()

    def _prepare(self) -> None:
        client = redis.Redis.from_url(self.redis_url)
        client.flushall()
        client.close()
        subprocess.run(
            [sys.executable, "-m", "benchmarks.history.prepare"],
            env={**self.environment, "REDIS_URL": self.redis_url},
            cwd=ROOT,
            check=True,
        )

    def _work(self) -> None:
        deadline = self.deadline()
        workers = [self._worker("reader", f"reader-{n}", deadline) for n in range(self.plan.readers)]
        workers += [self._worker("writer", f"writer-{n}", deadline) for n in range(self.plan.writers)]
        for worker in workers:
            self._wait(worker)

    def deadline(self) -> float:
        """When the workers stop that are started now."""
        return time.monotonic() + WORKER_START_SECONDS + self.plan.seconds

    def _worker(
        self, role: str, name: str, deadline: float, redis_url: str | None = None
    ) -> subprocess.Popen[bytes]:
        words = [role, name, str(self.folder / f"{name}.log"), str(deadline), str(self.plan.pause)]
        command = [sys.executable, "-m", "benchmarks.history.worker", *words]
        environment = {**self.environment, "REDIS_URL": redis_url or self.redis_url}
        return subprocess.Popen(command, env=environment, cwd=ROOT)

    def _wait(self, worker: subprocess.Popen[bytes]) -> None:
        if worker.wait():
            raise SystemExit(f"{self.contestant}: a process failed: {worker.args!r}")

    def collect(self) -> History:
        """What the logs and the journal hold."""
        reads: list[Read] = []
        attempts = {"seed": Attempt("seed", "seed", 0, 0, "acknowledged")}
        final: list[Read] = []
        for path in sorted(self.folder.glob("*.log")):
            some_reads, some_attempts = parse(path)
            (final if path.stem == "final" else reads).extend(some_reads)
            attempts |= some_attempts
        return History(reads, final, attempts, journal.build(read_journal(), attempts))


def read_journal() -> Iterator[journal.Entry]:
    """What the database has committed."""
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT attempt, register, version, value FROM journal ORDER BY id")
        yield from (journal.Entry(*row) for row in cursor)
    connection.close()


@dataclass
class Verdict:
    """What became of a trial. Times are in milliseconds; None where nothing of the kind happened.

    Attributes:
        stale_for: the longest that a value was still shown after the write that replaced it.
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
    """The verdict, and the reads that broke a rule."""
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
    """In milliseconds."""
    if not nanoseconds:
        return None
    ordered = sorted(nanoseconds)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] / 1e6
