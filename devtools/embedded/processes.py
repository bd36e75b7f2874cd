"""Servers as processes: finding one by its pid file, waiting for it, ending it."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Sequence
    from pathlib import Path

START_TIMEOUT_SECONDS = 60
STOP_TIMEOUT_SECONDS = 20
LAUNCH_ATTEMPTS = 6


def launch(
    command: Sequence[str], *, log: Path, keep_open: Sequence[int] = (), **options: Any
) -> psutil.Process:
    """Start a server that outlives this process, and that Ctrl-C in its terminal does not reach."""
    fd = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(fd, "ab") as output:
        server = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            pass_fds=keep_open,
            **options,
        )
    server.returncode = 0  # nobody waits for it, and Python need not warn of that
    return psutil.Process(server.pid)


def find(pid_file: Path, *words: str) -> psutil.Process | None:
    """The live process named in the file's first line, if each word is in its command line.

    The words keep a stranger with a reused process id from being taken for the server.
    """
    try:
        process = psutil.Process(int(pid_file.read_text().split("\n", 1)[0]))
        command = " ".join(process.cmdline())
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess, psutil.AccessDenied):
        return None
    return process if is_alive(process) and all(word in command for word in words) else None


def is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def answers_in_time(ready: Callable[[], bool], server: psutil.Process) -> bool:
    """Wait until ``ready()``. False when the server died first; one that hangs is killed."""
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not ready():
        if not is_alive(server):
            return False
        if time.monotonic() > deadline:
            server.kill()
            return False
        time.sleep(0.02)
    return True


def pause(attempt: int) -> None:
    """Wait a little longer before each new attempt: 0.1 s, 0.2 s, … 3.2 s."""
    time.sleep(0.1 * 2**attempt)


def end(process: psutil.Process | None, with_signal: signal.Signals) -> None:
    """Ask the process to stop, wait until it has, and kill it when it takes too long."""
    if process is None:
        return
    deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
    with suppress(psutil.NoSuchProcess):
        process.send_signal(with_signal)
        # Not process.wait(): that waits for a dead process until its parent has taken note.
        while is_alive(process) and time.monotonic() < deadline:
            time.sleep(0.01)
        if is_alive(process):
            process.kill()
