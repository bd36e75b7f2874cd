"""The sources of settings: the environment, ``.env``, and the addresses of the servers that devtools runs.

devtools writes the address of each server that it runs to a file. This module only reads that file, so
importing ``config`` starts no process and opens no connection.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import IO

from dotenv import load_dotenv

ROOT = Path(__file__).resolve().parent.parent
SERVERS = {"DATABASE_URL": "PostgreSQL", "REDIS_URL": "Redis"}


def load_environment() -> None:
    """Complete ``os.environ`` from ``.env``; what the environment holds already stays."""
    load_dotenv(ROOT / ".env")


def state_dir() -> Path:
    """Return the folder of devtools' servers: ``SYLLABUS_STATE_DIR``, by default ``var/``."""
    return Path(os.environ.get("SYLLABUS_STATE_DIR") or ROOT / "var").resolve()


def get_address(variable: str) -> str:
    """Return the address in the variable, otherwise that of the server that devtools runs for it.

    Raises:
        SystemExit: there is neither; the message is one line that says what to do.
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
    try:
        with (state_dir() / variable / "running.json").open() as running:
            if is_locked(running):  # otherwise its writer was killed
                return str(json.load(running)["address"])
    except (OSError, ValueError):
        pass  # it was never started, is starting or stopping at present, or belongs to another user
    return None


def is_locked(file: IO[str]) -> bool:
    """Return whether another process holds an exclusive lock of the file."""
    import fcntl  # not on Windows, where there is no such file

    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    fcntl.flock(file, fcntl.LOCK_UN)
    return False
