"""The log of a process: one JSON array per line.

========================================================  =============================================
``["read", kind, key, began, ended, statements, value]``  a read; ``value`` is the JSON text of its result
``["write", attempt, kind, started]``                     before a write; a SIGKILL does not lose it
``["wrote", attempt, committing, ended, outcome]``        the write has returned; see ``Outcome``
========================================================  =============================================

Times are nanoseconds of CLOCK_MONOTONIC, which is the same for all processes of a machine.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

Kind = Literal["detail", "page", "owner", "total"]
Outcome = Literal["acknowledged", "rolled back", "failed"]
READS_OF_A_BATCH = 500


class Read(NamedTuple):
    """One read through the cache."""

    kind: Kind
    key: str
    began: int
    ended: int
    statements: int
    value: str


class Attempt(NamedTuple):
    """One transaction that wrote or tried to write.

    Attributes:
        committing: when its COMMIT was about to be sent; if that is unknown, when the attempt started.
        ended: when the write returned.
        outcome: "failed" if the writer got an error: then the journal shows whether it was committed. None
            if the writer was killed.
    """

    name: str
    kind: str
    committing: int
    ended: int | None = None
    outcome: Outcome | None = None


class Log:
    """The log of one process. Reads are written to it in batches, writes at once."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._reads: list[Read] = []

    def read(self, read: Read) -> None:
        self._reads.append(read)
        if len(self._reads) >= READS_OF_A_BATCH:
            self.flush()

    def write(self, *words: Any) -> None:
        os.write(self._fd, json.dumps(words).encode() + b"\n")

    def flush(self) -> None:
        lines = "".join(json.dumps(["read", *read]) + "\n" for read in self._reads)
        self._reads.clear()
        os.write(self._fd, lines.encode())


def parse(path: Path) -> tuple[list[Read], dict[str, Attempt]]:
    """Return the reads and the attempts of one log."""
    reads: list[Read] = []
    attempts: dict[str, Attempt] = {}
    values: dict[str, str] = {}  # most reads are hits, so one copy of each text is kept
    for word, *rest in _lines(path):
        if word == "read":
            *others, value = rest
            reads.append(Read(*others, values.setdefault(value, value)))
        elif word == "write":
            name, kind, started = rest
            attempts[name] = Attempt(name, kind, started)
        else:
            name, committing, ended, outcome = rest
            attempts[name] = Attempt(name, attempts[name].kind, committing, ended, outcome)
    return reads, attempts


def _lines(path: Path) -> Iterator[list[Any]]:
    with path.open() as lines:
        for line in lines:
            if line.endswith("\n"):  # the last line may be incomplete after a SIGKILL
                yield json.loads(line)
