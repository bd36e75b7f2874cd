"""During work of each kind workers stop, are killed, beat runs twice, the broker turns replica.

Requests notice nothing, and everything is done afterwards: what a killed worker had is found again by
periodic tasks.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.drills.drill import Drill, drill
from benchmarks.drills.servers import ROOT, Process
from tests.caching.redis_process import RedisProcess
from tests.support.waiting import until

WORK_SECONDS = 400
WORKER = "-m celery -A config worker -l info -c 2 -n {name}@%h -Q {queues} --without-gossip --without-mingle"
BEAT = "-m celery -A config beat -l info -s {folder}/{name}"


class Crew:
    """Two workers, as in production, and beat."""

    def __init__(self, folder: Path, redis: RedisProcess) -> None:
        self.folder, self.redis = folder, redis
        self.environment = {"REDIS_URL": redis.url, "MEDIA_ROOT": str(folder / "media")}
        self.workers = [
            self.start(WORKER, name="worker", queues="default,prices"),
            self.start(WORKER, name="outgoing", queues="outgoing"),
        ]
        self.beats = [self.start(BEAT, name="beat-1")]

    def start(self, words: str, **values: str) -> Process:
        log = self.folder / f"{values['name']}.log"
        return Process(log, words.format(folder=self.folder, **values), self.environment)

    def stop(self) -> None:
        for process in [*self.workers, *self.beats]:
            process.kill() if process.process.poll() is None else None


@contextlib.contextmanager
def crew(folder: Path) -> Iterator[tuple[Crew, Callable[[], str]]]:
    """Yield the processes while work of each kind is made, and what waits until it is done."""
    redis = RedisProcess(folder / "redis", appendonly="yes")
    made = Crew(folder, redis)
    work = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.drills.work"],
        cwd=ROOT,
        env={**os.environ, **made.environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )

    def settle() -> str:
        said, _ = work.communicate("over\n", WORK_SECONDS)
        assert work.returncode == 0, said
        assert all(process.process.poll() is None for process in [*made.workers, *made.beats]), "one ended"
        return said.splitlines()[-1]

    try:
        yield made, settle
    finally:
        work.kill()
        work.wait()
        made.stop()
        redis.remove()


@drill("workers TERM")
def terminated(folder: Path) -> Iterator[Drill]:
    with crew(folder) as (made, settle):

        def begin() -> None:
            for worker in made.workers:
                worker.stop()
                worker.start()

        yield Drill(made.environment, begin, seconds=0, settle=settle)


@drill("workers KILL")
def killed(folder: Path) -> Iterator[Drill]:
    with crew(folder) as (made, settle):

        def begin() -> None:
            for worker in made.workers:
                worker.kill()
                worker.start()

        yield Drill(made.environment, begin, seconds=0, settle=settle)


@drill("two beats")
def two_beats(folder: Path) -> Iterator[Drill]:
    with crew(folder) as (made, settle):
        yield Drill(
            made.environment,
            lambda: made.beats.append(made.start(BEAT, name="beat-2")),
            seconds=10,
            settle=settle,
        )


@drill("broker turns replica")
def replica(folder: Path) -> Iterator[Drill]:
    """The cache is on the same Redis, so that it cannot be written, either."""
    with crew(folder) as (made, settle), made.redis.client() as client:

        def begin() -> None:
            client.replicaof("127.0.0.1", "1")
            until(lambda: client.info("replication")["role"] == "slave")

        yield Drill(made.environment, begin, lambda: client.replicaof("NO", "ONE"), settle=settle)
