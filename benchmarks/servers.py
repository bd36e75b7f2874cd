"""The servers of one benchmark, whatever the developer has configured: PostgreSQL, Redis and gunicorn."""

import contextlib
import fcntl
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BENCHMARKS = ROOT / "var" / "bench"
START_SECONDS = 30


def start_servers(name: str) -> Path:
    """Start them, and set their addresses in an environment that otherwise has the defaults.

    Returns:
        The folder of the benchmark with that name, for its servers and its logs.

    Raises:
        SystemExit: the same benchmark is running already.
    """
    from devtools.environment import ensure_servers

    state = begin(name)
    ensure_servers()
    return state


def begin(name: str) -> Path:
    """Give a benchmark an environment with the defaults and a folder, which it returns.

    Raises:
        SystemExit: the same benchmark is running already.
    """
    from devtools.environment import reset_configuration

    state = BENCHMARKS / name
    reset_configuration(state)
    os.environ["SYLLABUS_DEVTOOLS"] = "1"  # for the command demo
    state.mkdir(parents=True, exist_ok=True)
    try:
        fcntl.flock(os.open(state / "benchmark.lock", os.O_CREAT | os.O_RDWR), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SystemExit("This benchmark is already running in this checkout.") from None
    return state


@contextlib.contextmanager
def served(log: Path, **environment: str) -> Iterator[int]:
    """Serve as the Dockerfile does, with a thread for each of 8 clients, so that requests do not queue.

    Yields:
        The port.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "2"]
    command += ["--threads", "8", "--keep-alive", "75", "--no-control-socket", "--log-level", "warning"]
    with log.open("ab") as output:
        server = subprocess.Popen(
            [*command, "config.wsgi:application"], cwd=ROOT, env={**os.environ, **environment}, stderr=output
        )
        try:
            _wait_for(port)
            yield port
        finally:
            server.terminate()
            server.wait(20)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=5).close()
            return
        if time.monotonic() > deadline:
            raise TimeoutError("the server does not answer; see its log")
        threading.Event().wait(0.05)
