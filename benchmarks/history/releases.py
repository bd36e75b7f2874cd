"""A rolling deployment: one release runs, the next one migrates and joins it, and both read and write."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from benchmarks.history.contestants import RELEASES
from benchmarks.history.contestants.releases import WRONG_SHAPE
from benchmarks.history.log import parse
from benchmarks.history.trial import STOP, Plan, Process, Trial

MAX_START_SECONDS = 60.0
ALONE_SECONDS = 2.0  # how long the first release runs before the next one starts


class Share(NamedTuple):
    """The reads of one release's processes."""

    release: str
    reads: int
    hit_rate: float
    wrong_shapes: int


class Rollout(Trial):
    """Each release has the readers and writers of ``plan``. Its seconds begin when the second one starts."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        first, self._next = RELEASES
        super().__init__(first, replace(plan, seconds=plan.seconds + MAX_START_SECONDS), folder)
        self._seconds = plan.seconds

    def _work(self) -> None:
        readers, writers = self._start(self._contestant)
        self._begin([*readers, *writers])
        time.sleep(ALONE_SECONDS)
        self._wait(self._python("django", "migrate", "--run-syncdb", "-v0", CONTESTANT=self._next))
        for more, some in zip(self._start(self._next), (readers, writers), strict=True):
            some.extend(more)
        self._await_ready([*readers, *writers])
        together = time.monotonic() + self._seconds
        while time.monotonic() < together and any(reader.poll() is None for reader in readers):
            time.sleep(0.05)
        (self.folder / STOP).touch()
        for process in (*readers, *writers):
            self._wait(process)
        self._wait(self._worker("final", "final", CONTESTANT=self._next))  # that of the first release follows

    def _start(self, release: str) -> tuple[list[Process], list[Process]]:
        roles = {"reader": self.plan.readers, "writer": self.plan.writers}
        readers, writers = (
            [self._worker(role, f"{release}.{role}-{n}", CONTESTANT=release) for n in range(number)]
            for role, number in roles.items()
        )
        return readers, writers

    def shares(self) -> list[Share]:
        """Return the reads of each release."""
        return [self._share(release) for release in (self._contestant, self._next)]

    def _share(self, release: str) -> Share:
        reads = [read for path in self.folder.glob(f"{release}.*.log") for read in parse(path)[0]]
        return Share(
            release,
            len(reads),
            sum(not read.statements for read in reads) / max(1, len(reads)),
            sum(WRONG_SHAPE in read.value for read in reads),
        )
