"""``python -m devtools.reaper <seconds>``: end the children of a supervisor, even if that is killed.

The standard input is a pipe from the supervisor, with a process group on each line, and ``-`` before one
that has ended. When the pipe closes, the supervisor has stopped or was killed, and this process ends the
groups.
"""

import os
import signal
import sys
import threading
import time
from contextlib import suppress

import psutil


def main(grace_seconds: float) -> None:
    """Send SIGTERM to each group's leader, and kill the rest of the groups after the grace or at SIGTERM.

    Only the leader gets SIGTERM: a Celery worker lets its pool finish, which a signal to the processes of
    the pool would prevent.
    """
    hurry = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: hurry.set())
    leaders: set[int] = set()
    for number in map(int, sys.stdin):
        if number > 0:
            leaders.add(number)
        else:
            leaders.discard(-number)
    for leader in leaders:
        with suppress(ProcessLookupError):
            os.kill(leader, signal.SIGTERM)
    deadline = time.monotonic() + grace_seconds
    while any(map(psutil.pid_exists, leaders)) and time.monotonic() < deadline and not hurry.wait(0.05):
        pass
    for leader in leaders:
        with suppress(ProcessLookupError, PermissionError):  # macOS: EPERM for a group of zombies
            os.killpg(leader, signal.SIGKILL)


if __name__ == "__main__":
    main(float(sys.argv[1]))
