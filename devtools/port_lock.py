"""One ``manage.py run`` for each port: the lock file and the port itself."""

from __future__ import annotations

import fcntl
import os
import socket
import time
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A killed predecessor's reaper holds the lock until that one's children are gone.
REAPER_TIMEOUT_SECONDS = 15


class PortTakenError(Exception):
    """Somebody else serves on the port; the message is for the operator."""


@contextmanager
def port_lock(port: int, folder: Path) -> Iterator[IO[str]]:
    """Hold ``<folder>/run-<port>.lock`` and know that the port is free.

    Raises:
        PortTakenError: in one line that names PORT.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"run-{port}.lock").open("a+") as lock:
        _take(lock, port)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        _check_free(port)
        yield lock


def _take(lock: IO[str], port: int) -> None:
    deadline = time.monotonic() + REAPER_TIMEOUT_SECONDS
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            owner = lock.read()
            if _is_alive(owner) or time.monotonic() > deadline:
                raise PortTakenError(_taken(port, f"by `make run`, process {owner}")) from None
        time.sleep(0.1)


def _is_alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise PortTakenError(f"PORT {port} may not be used by this user: {_advice(port)}") from None
        except OSError:
            raise PortTakenError(_taken(port, "by another program")) from None


def _taken(port: int, by: str) -> str:
    return f"PORT {port} is taken {by}: {_advice(port)}"


def _advice(port: int) -> str:
    return f"choose another, for example `make run PORT={port % 64000 + 1025}`."
