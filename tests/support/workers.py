"""Real Celery worker and beat processes on the tests' database and broker."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil

from config.environment import ROOT
from tests.support.processes import child_environment
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Worker:
    """A worker process; ``log`` is what it has said."""

    def __init__(
        self,
        folder: Path,
        *,
        concurrency: int = 2,
        pool: str = "prefork",
        name: str = "test",
        beat: bool = False,
        queues: str = "default,prices,outgoing",
        **more: str,
    ) -> None:
        self._log = folder / f"{name}.log"
        command = f"-m celery -A config worker -l info --pool={pool} -c {concurrency} -n {name}@%h"
        command += f" -Q {queues}"
        if beat:
            command += f" -B -s {folder / 'schedule'}"
            more["DJANGO_SETTINGS_MODULE"] = "tests.impatient_settings"
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *command.split(), "--without-gossip", "--without-mingle"],
                cwd=ROOT,
                env=child_environment(**more),
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def ready(self) -> Worker:
        until(lambda: " ready." in self.log)
        return self

    def runs(self, task: str) -> int:
        """How often it has run the task."""
        return len(re.findall(rf"Task {re.escape(task)}\[\S+ succeeded", self.log))

    def received(self, task: str) -> set[str]:
        """The ids of the messages of a task that it has got, whatever became of them."""
        return set(re.findall(rf"Task {re.escape(task)}\[(\S+)\] received", self.log))

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()

    def kill(self) -> None:
        """SIGKILL, to all of it at once."""
        for process in [*self.children(), self.process]:
            process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()


@contextmanager
def working(folder: Path, **options: object) -> Iterator[Worker]:
    worker = Worker(folder, **options)
    try:
        yield worker.ready()
    finally:
        worker.stop()
