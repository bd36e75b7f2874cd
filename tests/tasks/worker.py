"""A real Celery worker on the test's database, broker and Telegram."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from django.conf import settings

from tests.processes import child_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parent.parent.parent
PROCESSES = 2


def eventually(condition: Callable[[], object], seconds: float = 90) -> None:
    """Wait until it is so."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"not so within {seconds} s"
        time.sleep(0.02)


@contextmanager
def worker(log: Path) -> Iterator[psutil.Process]:
    """A worker that is ready, until the block ends; ``log`` is the file that it writes to."""
    environment = child_environment() | {
        "CELERY_BROKER_URL": settings.CELERY_BROKER_URL,
        "TELEGRAM_API_URL": settings.TELEGRAM_API_URL,
        "TELEGRAM_BOT_TOKEN": settings.TELEGRAM_BOT_TOKEN,
    }
    command = [sys.executable, "-m", "celery", "-A", "config", "worker", "-l", "info", "-c", str(PROCESSES)]
    with log.open("wb") as output:
        process = psutil.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        eventually(lambda: " ready." in log.read_text(errors="replace"))
        yield process
    finally:
        kill(process)


def kill(process: psutil.Process) -> None:
    """SIGKILL to the worker and its children, at once."""
    if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        for one in [*process.children(), process]:
            one.kill()
    process.wait()
