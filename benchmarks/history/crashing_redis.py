"""A Redis that is killed without warning and comes back as it was some time ago."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import redis

from ops.embedded.wheels import redis_server_binary

START_SECONDS = 10
MAXMEMORY_BYTES = 64 * 2**20


class CrashingRedis:
    """A server of the nemesis' own: snapshots are taken when it says so, and at no other time."""

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        self.url = f"redis://127.0.0.1:{port}/1"
        self.client = redis.Redis(port=port, db=1, socket_timeout=5)
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, with the last snapshot where there is one; back when it answers."""
        arguments = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "dir": str(self._folder),
            "save": "",
            "appendonly": "no",
            "maxmemory": str(MAXMEMORY_BYTES),
            "maxmemory-policy": "volatile-lru",
        }
        words = [word for name, value in arguments.items() for word in (f"--{name}", value)]
        self._process = subprocess.Popen([redis_server_binary(), *words], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if time.monotonic() > deadline:
                raise SystemExit("the nemesis' Redis did not start")
            time.sleep(0.01)

    def snapshot(self) -> None:
        """Remember this moment: a crash goes back to it."""
        self.client.save()

    def crash(self) -> None:
        """SIGKILL: whatever was written since the snapshot is lost."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        self.client.connection_pool.disconnect()

    def close(self) -> None:
        self.crash()
        self.client.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.RedisError:
            return False
