"""``uvicorn config.asgi:application`` on a port of its own, on the databases of the test."""

from __future__ import annotations

import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager
from http.client import HTTPMessage
from typing import TYPE_CHECKING, NamedTuple

from config.environment import ROOT
from tests.support.processes import child_environment
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Response(NamedTuple):
    status: int
    headers: HTTPMessage
    body: bytes


class Server:
    """A running server; ``log`` is what it has printed."""

    def __init__(self, port: int, log: Path) -> None:
        self.address = f"http://127.0.0.1:{port}"
        self._log = log

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def get(self, path: str, **headers: str) -> Response:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.address + path, headers=names)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return Response(response.status, response.headers, response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Response(error.code, error.headers, error.read())

    def is_live(self) -> bool:
        try:
            return self.get("/health/live").status == 200
        except OSError:
            return False


@contextmanager
def uvicorn(folder: Path, port: int, **variables: str) -> Iterator[Server]:
    """Serve as the source does, until the block ends."""
    words = ["uvicorn", "config.asgi:application", "--host", "127.0.0.1", "--port", str(port)]
    with (folder / "uvicorn.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=ROOT,
            env=child_environment(**variables),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    server = Server(port, folder / "uvicorn.log")
    try:
        until(server.is_live)
        yield server
    finally:
        process.terminate()
        process.wait(20)
