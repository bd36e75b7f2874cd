"""Real processes for tests: users of embedded servers, and processes that work on a state folder."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Self

import psutil
import pytest

from config.environment import ROOT

DEADLINE_SECONDS = 40

USE = """
import json, os, sys
from devtools.environment import ensure_servers
ensure_servers()
print(json.dumps({name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}), flush=True)
"""
USE_UNTIL_STDIN_CLOSES = USE + "sys.stdin.read()\n"
USE_FOR_EVER = USE + "import signal\nsignal.pause()\n"


def environment(state: Path, **more: str) -> dict[str, str]:
    """Return the environment of a new terminal, except for the state folder."""
    set_by_the_tests = ("DATABASE_URL", "DB_HOST", "REDIS_URL", "CELERY_BROKER_URL", "REDIS_CLUSTER", "DEBUG")
    kept = {name: value for name, value in os.environ.items() if name not in set_by_the_tests}
    return {**kept, "SYLLABUS_STATE_DIR": str(state), "DJANGO_SETTINGS_MODULE": "config.settings", **more}


class User:
    """A process that uses the embedded servers. As a context manager, it ends with the block."""

    def __init__(self, state: Path, program: str = USE_UNTIL_STDIN_CLOSES, **variables: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=environment(state, **variables),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @cached_property
    def addresses(self) -> dict[str, str]:
        """The addresses of its servers, as soon as they answer."""
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        return json.loads(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.returncode is None:
            assert self.leave() == 0, self.errors

    def leave(self) -> int:
        _, self.errors = self.process.communicate("", timeout=DEADLINE_SECONDS)
        return self.process.returncode

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@contextmanager
def hanging(server: psutil.Process) -> Iterator[None]:
    """A server, with its sessions, that takes connections and answers nothing."""
    processes = [server, *server.children(recursive=True)]
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            process.resume()


def server_process(state: Path, variable: str) -> psutil.Process | None:
    """Return the embedded server behind the variable, None while it does not answer."""
    try:
        return psutil.Process(json.loads((state / variable / "running.json").read_text())["server"])
    except (FileNotFoundError, ValueError):
        return None


@pytest.fixture
def state() -> Iterator[Path]:
    """Yield a state folder that the server's user can reach; no process on it runs after the test."""
    folder = Path(tempfile.mkdtemp(prefix="syllabus-test-")).resolve()
    folder.chmod(0o755)
    yield folder / "state"
    survivors = working_on(folder)
    for process in survivors:
        process.kill()
    psutil.wait_procs(survivors)
    shutil.rmtree(folder)


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def working_on(state: Path) -> list[psutil.Process]:
    """Return the running processes that were started for the state folder or work in it."""
    return [process for process in psutil.process_iter() if _works_on(process, state)]


def _works_on(process: psutil.Process, state: Path) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE or process.pid == os.getpid():
            return False
        return (
            process.environ().get("SYLLABUS_STATE_DIR") == str(state)
            or str(state) in " ".join(process.cmdline())
            or Path(process.cwd()).is_relative_to(state)
        )
    except (psutil.Error, OSError):
        return False
