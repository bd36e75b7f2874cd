"""One contestant, from the empty database to its history."""

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
from benchmarks.history.log import Attempt, Read, parse

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRESS_SECONDS = 60
# Files in a trial's folder.
BEGIN = "begin"  # written when all processes are ready; contains the time to stop
STOP = "stop"  # written when the number of reads is reached

Process = subprocess.Popen[bytes]


@dataclass
class History:
    """The logs of all processes of a trial, and the journal of the database."""

    reads: list[Read]
    final: list[Read]
    attempts: dict[str, Attempt]
    registers: dict[str, journal.Register]


@dataclass(frozen=True)
class Plan:
    """The length of a trial, its number of processes, and the rate of writes.

    Attributes:
        seconds: when all processes stop.
        processes: half of them write; the other half, or one more, only read.
        pause: mean pause of a writer between two writes, in seconds.
        reads: the number of reads, of all readers together, after which they stop early; 0: no limit.
    """

    seconds: float
    processes: int = 5
    pause: float = 0.02
    reads: int = 0

    @property
    def writers(self) -> int:
        return self.processes // 2

    @property
    def readers(self) -> int:
        return self.processes - self.writers


class Trial:
    """Runs a contestant's processes in a folder of their own."""

    def __init__(self, contestant: str, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.folder = folder
        self.redis_url = os.environ["REDIS_URL"]
        self._contestant = contestant
        self._deadline = 0.0
        self._processes: list[Process] = []

    def run(self) -> History:
        """Prepare, work, read every value once more, and return the history."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        try:
            self._prepare()
            self._work()
            self._wait(self._worker("final", "final"))
        finally:
            for process in self._processes:
                process.kill()  # only after a failure; otherwise they have ended
        return self.collect()

    def _prepare(self) -> None:
        with redis.Redis.from_url(self.redis_url) as client:
            client.flushall()
        self._wait(self._process("prepare"))

    def _work(self) -> None:
        readers = [self._worker("reader", f"reader-{n}") for n in range(self.plan.readers)]
        writers = [self._worker("writer", f"writer-{n}") for n in range(self.plan.writers)]
        self._begin([*readers, *writers])
        for reader in readers:
            self._wait(reader)
        (self.folder / STOP).touch()
        for writer in writers:
            self._wait(writer)

    def _begin(self, workers: list[Process]) -> None:
        """Wait until all workers are ready, then write the time to stop."""
        self._await_ready(workers)
        self._deadline = time.monotonic() + self.plan.seconds
        unseen = self.folder / "unseen"
        unseen.write_text(str(self._deadline))
        unseen.rename(self.folder / BEGIN)

    def _await_ready(self, workers: list[Process]) -> None:
        while len(list(self.folder.glob("*.log"))) < len(workers):
            if any(worker.poll() for worker in workers):
                raise SystemExit(f"{self._contestant}: a process failed before it began")
            time.sleep(0.01)

    def _worker(self, role: str, name: str, **addresses: str) -> Process:
        plan = self.plan
        words = (role, name, self.folder, plan.reads // plan.readers, plan.pause)
        return self._process("worker", *map(str, words), **addresses)

    def _process(self, module: str, *words: str, **addresses: str) -> Process:
        return self._python(f"benchmarks.history.{module}", *words, **addresses)

    def _python(self, module: str, *words: str, **variables: str) -> Process:
        environment = {
            "CONTESTANT": self._contestant,
            "DJANGO_SETTINGS_MODULE": "benchmarks.history.settings",
            "PYTHONPATH": str(ROOT),
            "REDIS_URL": self.redis_url,
            **variables,
        }
        command = [sys.executable, "-m", module, *words]
        process = subprocess.Popen(command, env={**os.environ, **environment}, cwd=ROOT)
        self._processes.append(process)
        return process

    def _wait(self, process: Process) -> None:
        started = time.monotonic()
        while True:
            try:
                status = process.wait(PROGRESS_SECONDS)
                break
            except subprocess.TimeoutExpired:
                minutes = (time.monotonic() - started) / 60
                print(f"  {self._contestant}: {minutes:.0f} min …", file=sys.stderr, flush=True)
        if status:
            raise SystemExit(f"{self._contestant}: a process failed: {process.args!r}")

    def collect(self) -> History:
        """Return the content of the logs and of the journal."""
        reads: list[Read] = []
        attempts = {"seed": Attempt("seed", "seed", 0, 0, "acknowledged")}
        final: list[Read] = []
        for path in sorted(self.folder.glob("*.log")):
            some_reads, some_attempts = parse(path)
            (final if path.stem == "final" else reads).extend(some_reads)
            attempts |= some_attempts
        return History(reads, final, attempts, journal.build(read_journal(), attempts))


def read_journal() -> Iterator[journal.Entry]:
    """Yield what the database has committed."""
    connection = psycopg2.connect(os.environ["DATABASE_URL"])
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT attempt, register, version, value FROM journal ORDER BY id")
        yield from (journal.Entry(*row) for row in cursor)
    connection.close()
