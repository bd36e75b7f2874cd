"""Whether this server is about to stop. Set by its master process, seen by the workers that it has forked."""

from __future__ import annotations

import mmap
import os
import signal
import threading
from typing import Any

_flag = mmap.mmap(-1, 1)  # shared memory: it outlives a fork


def is_draining() -> bool:
    """Return whether the server is about to stop: /health/ready says so, and no new work should come."""
    return _flag[0] == 1


def begin() -> None:
    """Say that the server is about to stop."""
    _flag[0] = 1


def delay_sigterm(seconds: float) -> None:
    """Let SIGTERM stop this process so many seconds later, and say until then that it is about to stop.

    A load balancer that asks /health/ready takes the server out in that time, so that no request finds it
    gone. A second SIGTERM stops it at once.
    """
    stop: Any = signal.getsignal(signal.SIGTERM)

    def drain(number: int, frame: Any) -> None:
        if is_draining() or not seconds:
            begin()
            stop(number, frame)
            return
        begin()
        timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGTERM))
        timer.daemon = True
        timer.start()

    signal.signal(signal.SIGTERM, drain)
