"""One process of a trial: ``python -m benchmarks.history.worker ROLE NAME FOLDER READS PAUSE``.

ROLE is ``reader``, ``writer`` or ``final``. NAME is unique in the trial and seeds the random choices. FOLDER
contains the log and the files by which the trial begins and stops. A reader stops early after READS reads,
unless that is 0. PAUSE is a writer's mean pause between two writes, in seconds.
"""

from __future__ import annotations

import contextlib
import json
import logging
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

django.setup()

from django.db import DatabaseError, InterfaceError, connection, transaction  # noqa: E402

from benchmarks.history.attempt import Attempt, CallbackFailed, RolledBack  # noqa: E402
from benchmarks.history.contestants import current  # noqa: E402
from benchmarks.history.ledger.layout import GROUPS, ITEMS, ORDERS, OWNERS  # noqa: E402
from benchmarks.history.ledger.models import Item  # noqa: E402
from benchmarks.history.log import Log, Outcome, Read  # noqa: E402
from benchmarks.history.trial import BEGIN, STOP  # noqa: E402
from benchmarks.history.writes import KINDS  # noqa: E402

OLD_SNAPSHOT_SHARE = 0.002
MAX_CONNECT_SECONDS = 20.0


class Statements:
    """Counts the statements that Django sends to the database."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, execute: Callable[..., Any], *args: Any) -> Any:
        self.count += 1
        return execute(*args)


class Reads:
    """Logged reads through the contestant's cache."""

    def __init__(self, log: Log) -> None:
        self.count = 0
        self._log = log
        self._contestant = current()
        self._statements = Statements()
        connection.execute_wrappers.append(self._statements)

    def detail(self, pk: int) -> None:
        self._read("detail", str(pk), self._contestant.detail, pk)

    def page(self, group: int, order: str) -> None:
        self._read("page", f"{group}:{order}", self._contestant.page, group, order)

    def owner(self, pk: int) -> None:
        self._read("owner", str(pk), self._contestant.owner, pk)

    def total(self) -> None:
        self._read("total", "", self._contestant.total)

    def _read(self, kind: Any, key: str, read: Callable[..., Any], *args: Any) -> None:
        self.count += 1
        before = self._statements.count
        began = time.monotonic_ns()
        value = read(*args)
        ended = time.monotonic_ns()
        self._log.read(Read(kind, key, began, ended, self._statements.count - before, json.dumps(value)))

    def one(self, rng: random.Random) -> None:
        """Read a random value, most often a detail."""
        choice = rng.random()
        if choice < 0.6:
            self.detail(rng.randint(1, ITEMS))
        elif choice < 0.75:
            self.owner(rng.randint(1, OWNERS))
        elif choice < 0.9:
            self.page(rng.randrange(GROUPS), rng.choice(ORDERS))
        else:
            self.total()

    def all(self) -> None:
        """Read every value once."""
        for pk in range(1, ITEMS + 1):
            self.detail(pk)
        for pk in range(1, OWNERS + 1):
            self.owner(pk)
        for group in range(GROUPS):
            for order in ORDERS:
                self.page(group, order)
        self.total()


def read_until(deadline: float, stop: Path, most: int, reads: Reads, rng: random.Random) -> None:
    while time.monotonic() < deadline and not (most and reads.count >= most) and not stop.exists():
        if rng.random() < OLD_SNAPSHOT_SHARE:
            read_from_old_snapshot(rng)
        reads.one(rng)


def read_from_old_snapshot(rng: random.Random) -> None:
    """Read through the cache in REPEATABLE READ, some time after the snapshot was taken.

    Such a read may be old, so it is not checked; but later reads of what it stores are.
    """
    pk = rng.randint(1, ITEMS)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        Item.objects.filter(pk=pk).exists()
        time.sleep(rng.uniform(0, 0.01))
        current().detail(pk)


def write_until(
    deadline: float, stop: Path, name: str, pause: float, log: Log, reads: Reads, rng: random.Random
) -> None:
    number = 0
    while time.monotonic() < deadline and not stop.exists():
        number += 1
        write_once(Attempt(f"{name}.{number}", rng), log, rng)
        with contextlib.suppress(DatabaseError, InterfaceError):  # the nemesis cuts writers' connections
            reads.one(rng)
        time.sleep(rng.expovariate(1 / pause))


def write_once(attempt: Attempt, log: Log, rng: random.Random) -> None:
    (kind,) = rng.choices(list(KINDS), list(KINDS.values()))
    started = time.monotonic_ns()
    log.write("write", attempt.nonce, kind.__name__, started)
    outcome: Outcome = "acknowledged"
    try:
        attempt.announce()
        kind(attempt)
    except CallbackFailed:
        pass  # it was committed, and the write has returned
    except RolledBack:
        outcome = "rolled back"
    except (DatabaseError, InterfaceError):
        outcome = "failed"
        connection.close_if_unusable_or_obsolete()  # as Django does after each request
    ended = time.monotonic_ns()
    log.write("wrote", attempt.nonce, attempt.committing or started, ended, outcome)


def log_diagnostics(path: Path) -> None:
    """Write the log messages of the caches, with the clock of the history, to explain wrong reads."""

    def stamp(record: logging.LogRecord) -> bool:
        record.when = time.monotonic_ns()
        return True

    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter("{when} {levelname} {name}: {message}", style="{"))
    handler.addFilter(stamp)
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def deadline_of(folder: Path) -> float:
    """Wait until the trial begins, and return the time when it ends."""
    while not (folder / BEGIN).exists():
        time.sleep(0.005)
    return float((folder / BEGIN).read_text())


def connect() -> None:
    """Connect to the database as soon as it accepts a connection.

    Raises:
        DatabaseError: it accepted none for a while.
    """
    deadline = time.monotonic() + MAX_CONNECT_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(DatabaseError):
            connection.ensure_connection()
            return
        time.sleep(0.05)
    connection.ensure_connection()


def main(role: str, name: str, folder: Path, most: int, pause: float) -> None:
    log_diagnostics(folder / f"{name}.txt")
    connect()
    log = Log(folder / f"{name}.log")
    reads = Reads(log)
    rng = random.Random(name)
    if role == "reader":
        read_until(deadline_of(folder), folder / STOP, most, reads, rng)
    elif role == "writer":
        write_until(deadline_of(folder), folder / STOP, name, pause, log, reads, rng)
    else:
        reads.all()
    log.flush()


if __name__ == "__main__":
    role, name, folder, most, pause = sys.argv[1:]
    main(role, name, Path(folder), int(most), float(pause))
