"""The project served by the servers that it names, as processes on this test's databases."""

from __future__ import annotations

import socket
import subprocess
import sys
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import TYPE_CHECKING

from config.environment import ROOT
from tests.support.processes import child_environment
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMANDS = {
    "gunicorn": "-m gunicorn --workers 1 --bind 127.0.0.1:{port} config.wsgi:application",
    "two processes": "-m gunicorn --workers 2 --bind 127.0.0.1:{port} config.wsgi:application",
    "uvicorn": "-m uvicorn --port {port} config.asgi:application",
    "granian": "-m granian --interface wsgi --port {port} config.wsgi:application",
    "runserver": "manage.py runserver --noreload 127.0.0.1:{port}",
}


@contextmanager
def serving(name: str, **environment: str) -> Iterator[int]:
    """Start a server of COMMANDS. Yield its port; stop it at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, *COMMANDS[name].format(port=port).split()],
        cwd=ROOT,
        env=child_environment(**environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: process.poll() is not None or _accepts(port))
        assert process.poll() is None, f"{name} ended with {process.returncode}"
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _accepts(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/health/live")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
