"""A real PostgreSQL and a real Redis for a machine on which neither is configured.

``ensure_servers`` completes ``os.environ``: where no address is set it starts the server and sets
one. Everything after that sees two ordinary addresses. The servers are shared by every process of
this checkout and stopped by the last one that leaves:

* ``<state>/start.lock`` (exclusive) is held while somebody starts or stops servers;
* ``<state>/users.lock`` (shared) is held by every process that uses them. The kernel drops it when
  a process dies, however it dies, so a killed process is never counted.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from dotenv import load_dotenv

ROOT = Path(__file__).resolve().parent.parent
STATE_VARIABLE = "SYLLABUS_STATE_DIR"


def state_dir() -> Path:
    """Where the embedded servers keep their data: ``var/`` unless ``SYLLABUS_STATE_DIR`` says otherwise."""
    return Path(os.environ.get(STATE_VARIABLE) or ROOT / "var").resolve()


def ensure_servers() -> None:
    """Set DATABASE_URL and REDIS_URL where they are unset, starting the servers behind them.

    The real environment beats ``.env``. Idempotent: a child process inherits the addresses.

    Raises:
        SystemExit: with one line that says what to install, when a server cannot be had here.
    """
    load_dotenv(ROOT / ".env")
    need_postgres = not (os.environ.get("DATABASE_URL") or os.environ.get("DB_HOST"))
    need_redis = not os.environ.get("REDIS_URL")
    if not (need_postgres or need_redis):
        return
    # Only development machines have these; production configures both addresses.
    from ops.servers import PostgresServer, RedisServer

    state = state_dir()
    state.mkdir(parents=True, exist_ok=True)
    servers: dict[str, PostgresServer | RedisServer] = {}
    if need_postgres:
        servers["DATABASE_URL"] = PostgresServer(state)
    if need_redis:
        servers["REDIS_URL"] = RedisServer(state)
    with _exclusive(state / "start.lock"):
        for variable, server in servers.items():
            os.environ[variable] = server.start()
        users = (state / "users.lock").open("a")
        fcntl.flock(users, fcntl.LOCK_SH)
    atexit.register(_leave, state, users.fileno(), list(servers.values()), os.getpid(), users)


def _leave(state: Path, users_fd: int, servers: list, owner_pid: int, keep_open: object) -> None:
    if os.getpid() != owner_pid:
        return  # a forked child: the parent answers for the lock that they share
    with _exclusive(state / "start.lock"):
        fcntl.flock(users_fd, fcntl.LOCK_UN)
        try:
            fcntl.flock(users_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # somebody still works with them
        for server in servers:
            server.stop()


@contextlib.contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def say(line: str) -> None:
    """One line for the operator, on standard error so that no command's output changes."""
    print(line, file=sys.stderr, flush=True)
