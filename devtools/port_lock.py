"""Ports: what is one, and a lock file, so that only one ``manage.py run`` uses one."""

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import psutil
from django.core.management import CommandError

# After a `make run` was killed, its reaper holds the lock until its children have ended.
REAPER_TIMEOUT_SECONDS = 15


class PortTakenError(Exception):
    """The port cannot be used; the message is one line for the operator."""

    def __init__(self, port: int, reason: str) -> None:
        super().__init__(
            f"PORT {port} {reason}: choose another, as in `make run PORT={port % 64000 + 1025}`."
        )


def parse_port(text: str) -> int:
    """Return the number of a port.

    Raises:
        CommandError: it is none.
    """
    if not (text.isdecimal() and 0 < int(text) < 65_536):
        raise CommandError(f"PORT must be a number from 1 to 65535, not {text!r}.")
    return int(text)


@contextmanager
def port_lock(port: int, folder: Path) -> Iterator[IO[str]]:
    """Hold ``<folder>/run-<port>.lock``, which also means that the port is free.

    Raises:
        PortTakenError: another `make run` or another program uses it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"run-{port}.lock").open("a+") as lock:
        _acquire(lock, port)
        try:
            socket.create_server(("127.0.0.1", port)).close()  # with SO_REUSEADDR
        except PermissionError:
            raise PortTakenError(port, "may not be used by this user") from None
        except OSError:
            raise PortTakenError(port, "is taken by another program") from None
        yield lock


def _acquire(lock: IO[str], port: int) -> None:
    deadline = time.monotonic() + REAPER_TIMEOUT_SECONDS
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            lock.truncate(0)
            print(os.getpid(), end="", file=lock, flush=True)
            return
        lock.seek(0)
        owner = lock.read()
        if (owner and psutil.pid_exists(int(owner))) or time.monotonic() > deadline:
            raise PortTakenError(port, f"is taken by `make run`, process {owner}")
        time.sleep(0.1)
