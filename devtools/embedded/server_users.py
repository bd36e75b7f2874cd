"""Who uses the embedded servers: they stop with the last user, however it ends.

* ``<state>/start.lock`` (exclusive) is held while somebody starts or stops servers;
* ``<state>/users.lock`` (shared) is held by each process that uses them. The kernel drops it when
  a process dies, so a killed process is never counted; a forked child holds its parent's;
* ``<state>/watchdog.lock`` (exclusive) is held by the watchdog, a small process that stops the servers
  when a user was killed and nobody else is left to do it.

Users are looked for (an exclusive try on ``users.lock``) only while ``start.lock`` is held, so two
who look never see each other.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import signal
import sys
from typing import IO, TYPE_CHECKING

from devtools.embedded import ROOT
from devtools.embedded.locks import locked
from devtools.embedded.postgres_server import PostgresServer
from devtools.embedded.processes import end, find, launch
from devtools.embedded.redis_server import RedisServer

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SERVERS: dict[str, type[PostgresServer | RedisServer]] = {
    "DATABASE_URL": PostgresServer,
    "REDIS_URL": RedisServer,
}
WATCHDOG = "devtools.embedded.watchdog"


def join(state: Path, variables: Iterable[str]) -> dict[str, str]:
    """Become a user of the servers behind ``variables``; start those that do not run.

    Returns:
        The address for each variable.

    Raises:
        SystemExit: with one line, when a server does not start or the folder is not ours.
    """
    try:
        state.mkdir(parents=True, exist_ok=True)
        with locked(state / "start.lock"):
            users = (state / "users.lock").open("a")
            fcntl.flock(users, fcntl.LOCK_SH)
            _ensure_watchdog(state)
            addresses = {variable: SERVERS[variable](state).start() for variable in variables}
    except PermissionError as error:
        raise SystemExit(
            f"{error.filename} belongs to another user. Run this as that user, or choose another "
            "folder for the servers' data with SYLLABUS_STATE_DIR."
        ) from error
    atexit.register(_leave, state, users, os.getpid())
    return addresses


def _leave(state: Path, users: IO[str], owner_pid: int) -> None:
    if os.getpid() != owner_pid:
        return  # a forked child: the parent answers for the lock that they share
    users.close()
    if not state.exists():
        return  # removed while in use: the watchdog still knows the processes
    with locked(state / "start.lock"):
        if stop_unused(state):
            end(find(state / "watchdog.lock", WATCHDOG), signal.SIGTERM)


def stop_unused(state: Path) -> bool:
    """Stop the servers if nobody uses them; whoever calls this holds ``start.lock``."""
    with (state / "users.lock").open("a") as users:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        for server in SERVERS.values():
            server(state).stop()
    return True


def _ensure_watchdog(state: Path) -> None:
    with (state / "watchdog.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        command = [sys.executable, "-m", WATCHDOG, str(state), str(lock.fileno())]
        # It inherits the lock, so there is no moment in which it runs without holding it.
        watchdog = launch(command, log=state / "watchdog.log", keep_open=[lock.fileno()], cwd=ROOT)
        lock.truncate(0)
        lock.write(str(watchdog.pid))
