"""``python -m devtools.reaper <seconds>``: ends the children of a supervisor, however that one ends.

Its standard input is a pipe from the supervisor, with a process group on each line. When the pipe
closes, the supervisor stops or was killed, and the groups are ended here. So nothing depends on the
supervisor's last moments, nor on Linux' PR_SET_PDEATHSIG.
"""

import os
import signal
import sys
import threading
import time
from contextlib import suppress

import psutil


def main(grace_seconds: float) -> None:
    """Ask each group's leader to stop, and kill what is left of the groups after the grace, or at SIGTERM.

    Only the leader gets SIGTERM: a Celery worker lets its pool finish, and a signal to the pool's own
    processes would cut that short.
    """
    hurry = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: hurry.set())
    leaders = [int(line) for line in sys.stdin]
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
