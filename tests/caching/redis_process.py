"""A redis-server for one test, which can be killed, restarted from old files, and filled completely."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import redis

from devtools.embedded.wheels import redis_server_binary
from tests.support.waiting import until

OPTIONS = {"save": "", "appendonly": "no"}


class RedisProcess:
    """One redis-server on a free port, with its files in ``folder``."""

    def __init__(self, folder: Path, **options: str) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/1"
        self._options = OPTIONS | {name.replace("_", "-"): value for name, value in options.items()}
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start it with the files in its folder."""
        options = {"port": str(self.port), "bind": "127.0.0.1", "dir": str(self.folder), **self._options}
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        self._process = subprocess.Popen([redis_server_binary(), *words], stdout=subprocess.DEVNULL)
        try:
            until(self._answers)
        except BaseException:
            self.kill()
            raise

    def kill(self) -> None:
        """Kill it with SIGKILL, so that it writes nothing more."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """Have it hang: it accepts connections, and answers nothing."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def cont(self) -> None:
        """Have it continue."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def restart(self) -> None:
        """Stop it as an operator does, and start it with the files that it has written."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
        self.start()

    def client(self, db: int = 1) -> Any:
        """Return a redis-py client, which is a context manager."""
        return redis.Redis(
            port=self.port, db=db, protocol=2, password=self._options.get("requirepass") or None
        )

    @property
    def snapshot(self) -> Path:
        return self.folder / "dump.rdb"

    @property
    def append_only_file(self) -> Path:
        """Return the file to which the latest commands are appended; since Redis 7 it is one of several."""
        return next(self.folder.rglob("*.incr.aof"), self.folder / "appendonly.aof")

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            raise RuntimeError(f"redis-server did not start with {self._options}")
        with contextlib.suppress(redis.ConnectionError), self.client() as client:
            return bool(client.ping())
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
