"""``python -m devtools.embedded.watchdog <state> <lock>``: stops the servers that killed users left behind.

It lives as long as the servers have users. ``<lock>`` is the inherited descriptor of ``watchdog.lock``.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from devtools.embedded.locks import locked
from devtools.embedded.processes import is_alive
from devtools.embedded.server_users import SERVERS, stop_unused

if TYPE_CHECKING:
    import psutil

INTERVAL_SECONDS = 0.5


def main(state: Path, lock: int) -> None:
    running: list[psutil.Process] = []
    with suppress(FileNotFoundError):  # the folder has gone
        while not _stopped(state, lock):
            running = [process for server in SERVERS.values() if (process := server(state).find())]
            time.sleep(INTERVAL_SECONDS)
    for process in filter(is_alive, running):  # the folder, or half of it, was removed under them
        process.kill()


def _stopped(state: Path, lock: int) -> bool:
    with locked(state / "start.lock"):
        unused = stop_unused(state)
        if unused:
            os.close(lock)  # before start.lock, or who starts next would believe in this watchdog
        return unused


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
