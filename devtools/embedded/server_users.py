"""The users of an embedded server: it runs while there is one, however each of them ends.

For each server the folder ``<state>/<VARIABLE>`` holds three files:

* ``users.lock`` is locked, shared, by each process that uses the server. The kernel releases the lock
  when the process ends, so a killed process is never counted; a forked child keeps its parent's. The
  process that stops the server locks it exclusively: a new user waits, then starts the server again.
* ``watchdog.lock`` is locked by the server's watchdog, the process that starts and stops it.
* ``running.json`` holds the server's address and the process ids, while the server answers.
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
        SystemExit: with one line, when it does not start or the folder belongs to another user.
    """
    folder = state_dir() / variable
    try:
        folder.mkdir(parents=True, exist_ok=True)
        users = (folder / "users.lock").open("a")
        fcntl.flock(users, fcntl.LOCK_SH)
        address = _address(folder)
    except PermissionError as error:
        raise SystemExit(
            f"{error.filename} belongs to another user. Run this as that user, or choose another "
            "folder for the servers' data with SYLLABUS_STATE_DIR."
        ) from error
    held_locks.append(users)
    atexit.register(_leave, folder, users, os.getpid())
    return address


def _address(folder: Path) -> str:
    """Return the address as soon as the server answers."""
    watchdog = None
    while (address := running_address(folder.name)) is None:
        watchdog = watchdog or _start_watchdog(folder)
        if watchdog and watchdog.poll() is not None:
            raise SystemExit((folder / "watchdog.log").read_text().strip())
        time.sleep(POLL_SECONDS)
    if watchdog:
        print((folder / "watchdog.log").read_text(), end="", file=sys.stderr, flush=True)
        watchdog.returncode = 0  # nothing waits for it, and Python need not warn of that
    return address


def _start_watchdog(folder: Path) -> subprocess.Popen[bytes] | None:
    """Start the watchdog unless there is one."""
    with (folder / "watchdog.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return None
        (folder / "running.json").unlink(missing_ok=True)  # of a watchdog that was killed
        with (folder / "watchdog.log").open("w") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "devtools.embedded.watchdog", folder, str(lock.fileno())],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in this terminal does not reach it
                pass_fds=[lock.fileno()],  # there is no moment in which it runs without the lock
            )


def _leave(folder: Path, users: IO[str], owner_pid: int) -> None:
    """If no other process uses the server, stop it and wait until it has stopped."""
    if os.getpid() != owner_pid:
        return  # a forked child: the lock is its parent's, too
    users.close()
    # FileNotFoundError: it does not run. BlockingIOError: another process uses it.
    with suppress(FileNotFoundError, BlockingIOError), (folder / "users.lock").open("r+") as last:
        fcntl.flock(last, fcntl.LOCK_EX | fcntl.LOCK_NB)
        running = json.loads((folder / "running.json").read_text())
        if is_locked(folder / "watchdog.lock"):
            os.kill(running["watchdog"], signal.SIGTERM)
            with (folder / "watchdog.lock").open("r+") as watchdog:
                fcntl.flock(watchdog, fcntl.LOCK_EX)  # until it has ended
