"""One ``manage.py run`` for each port: a lock file, and the port itself."""

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import psutil

# The reaper of a killed predecessor holds the lock until that one's children have ended.
REAPER_TIMEOUT_SECONDS = 15


class PortTakenError(Exception):
    """The port cannot be used; the message is one line for the operator."""

    def __init__(self, port: int, reason: str) -> None:
        super().__init__(
            f"PORT {port} {reason}: choose another, as in `make run PORT={port % 64000 + 1025}`."
        )


@contextmanager
def port_lock(port: int, folder: Path) -> Iterator[IO[str]]:
    """Hold ``<folder>/run-<port>.lock`` and know that the port is free.

    Raises:
        PortTakenError: another `make run` or another program has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"run-{port}.lock").open("a+") as lock:
        deadline = time.monotonic() + REAPER_TIMEOUT_SECONDS
        while not _acquire(lock):
            lock.seek(0)
            owner = lock.read()
            if (owner and psutil.pid_exists(int(owner))) or time.monotonic() > deadline:
                raise PortTakenError(port, f"is taken by `make run`, process {owner}")
            time.sleep(0.1)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        _check_free(port)
        yield lock


def _acquire(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _check_free(port: int) -> None:
    try:
        socket.create_server(("127.0.0.1", port)).close()  # with SO_REUSEADDR
    except PermissionError:
        raise PortTakenError(port, "may not be used by this user") from None
    except OSError:
        raise PortTakenError(port, "is taken by another program") from None
