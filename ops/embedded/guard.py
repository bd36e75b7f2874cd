"""``python -m ops.embedded.guard <state> <lock>``: stops the servers that killed users left behind.

It lives as long as the servers have users. ``<lock>`` is the inherited descriptor of ``guard.lock``.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ops.embedded.locks import locked
from ops.embedded.sharing import SERVERS, stop_unused

if TYPE_CHECKING:
    import psutil

INTERVAL_SECONDS = 0.5


def main(state: Path, lock: int) -> None:
    running: list[psutil.Process | None] = []
    while state.exists():
        with locked(state / "start.lock"):
            if stop_unused(state):
                # Given up before start.lock, or who starts next would believe in this guard.
                os.close(lock)
                return
            running = [server(state).find() for server in SERVERS.values()]
        time.sleep(INTERVAL_SECONDS)
    for process in filter(None, running):  # somebody removed the folder: there is nothing to save
        process.kill()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
