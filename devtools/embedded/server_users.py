"""The users of an embedded server: it runs while there is one, in whatever way each of them ends.

For each server the folder ``<state>/<VARIABLE>`` holds two files:

* ``users.lock`` is locked, shared, by each process that uses the server. The kernel releases the lock
  when the process ends, so a killed process is never counted; a forked child keeps its parent's. The
  process that stops the server locks it exclusively: a new user waits, then starts the server again.
* ``running.json`` is locked by the server's watchdog, the process that starts and stops it. It holds
  the server's address and the process ids while the server answers.
"""

import atexit
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from config.environment import ROOT, is_locked, running_address, state_dir

POLL_SECONDS = 0.02
held_locks: list[IO[str]] = []  # of this process; a child that inherits them is a user, too


def join(variable: str) -> str:
    """Become a user of the server behind ``variable``, starting it unless it runs, and return its address.

    Raises:
        SystemExit: it does not start, or the folder belongs to another user; with one line.
    """
    folder = state_dir() / variable
    try:
        folder.mkdir(parents=True, exist_ok=True)
        users = (folder / "users.lock").open("a")
        fcntl.flock(users, fcntl.LOCK_SH)
        address = _wait_for_address(folder)
    except PermissionError as error:
        raise SystemExit(
            f"{error.filename} belongs to another user. Run this as that user, or choose another "
            "folder for the servers' data with SYLLABUS_STATE_DIR."
        ) from error
    held_locks.append(users)
    atexit.register(_leave, folder, users, os.getpid())
    return address


def _wait_for_address(folder: Path) -> str:
    watchdog = None
    while (address := running_address(folder.name)) is None:
        watchdog = watchdog or _start_watchdog(folder)
        if watchdog and watchdog.poll() is not None:
            raise SystemExit((folder / "watchdog.log").read_text().strip())
        time.sleep(POLL_SECONDS)
    if watchdog:
        watchdog.returncode = 0  # no process waits for it, and Python need not warn of that
    return address


def _start_watchdog(folder: Path) -> subprocess.Popen[bytes] | None:
    """Start the watchdog and return it, None if there is one."""
    with (folder / "running.json").open("a") as running, suppress(BlockingIOError):
        fcntl.flock(running, fcntl.LOCK_EX | fcntl.LOCK_NB)
        running.truncate(0)  # what a killed watchdog wrote
        with (folder / "watchdog.log").open("w") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "devtools.embedded.watchdog", folder, str(running.fileno())],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in this terminal does not reach it
                pass_fds=[running.fileno()],  # it is locked from the watchdog's first moment to its last
            )
    return None


def _leave(folder: Path, users: IO[str], owner_pid: int) -> None:
    """If no other process uses the server, stop it and wait until it has stopped."""
    if os.getpid() != owner_pid:
        return  # a forked child: the lock is its parent's, too
    users.close()
    # FileNotFoundError: the folder was removed. BlockingIOError: another process uses the server.
    # ValueError: the server has just ended, and its watchdog will see that it has no users.
    ignored = suppress(FileNotFoundError, BlockingIOError, ValueError)
    with ignored, (folder / "users.lock").open("r+") as last, (folder / "running.json").open("r+") as running:
        fcntl.flock(last, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if is_locked(running):
            os.kill(json.load(running)["watchdog"], signal.SIGTERM)
            fcntl.flock(running, fcntl.LOCK_EX)  # until it has ended
