"""What settings read: the environment, ``.env``, and the addresses of the servers that devtools runs.

devtools writes the address of each server that it runs to a file. Here that file is only read, so
importing ``config`` starts no process and opens no connection.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from dotenv import load_dotenv

ROOT = Path(__file__).resolve().parent.parent
SERVERS = {"DATABASE_URL": "PostgreSQL", "REDIS_URL": "Redis"}


def load_environment() -> None:
    """Complete ``os.environ`` from ``.env``; the real environment beats it."""
    load_dotenv(ROOT / ".env")


def state_dir() -> Path:
    """Return where devtools keeps its servers: ``var/`` unless ``SYLLABUS_STATE_DIR`` says otherwise."""
    return Path(os.environ.get("SYLLABUS_STATE_DIR") or ROOT / "var").resolve()


def get_address(variable: str) -> str:
    """Return the address that the variable holds, else that of the server that devtools runs in its place.

    Raises:
        SystemExit: there is neither; with one line that says what to do.
    """
    address = os.environ.get(variable) or running_address(variable)
    if address:
        return address
    raise SystemExit(
        f"No {SERVERS[variable]} is configured ({variable}), and `make run` is not running: "
        f"start it, or set {variable} (see .env.example)."
    )


def running_address(variable: str) -> str | None:
    """Return the address of the server that devtools runs for the variable, None if it runs none."""
    folder = state_dir() / variable
    try:
        if is_locked(folder / "watchdog.lock"):  # else the file is of a watchdog that was killed
            return str(json.loads((folder / "running.json").read_text())["address"])
    except OSError:
        pass  # it was never started, is just starting or stopping, or belongs to another user
    return None


def is_locked(path: Path) -> bool:
    """Return whether a process has locked the file exclusively."""
    with path.open() as file:
        import fcntl  # not on Windows, where there is no such file

        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
