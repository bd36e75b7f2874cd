"""``python -m devtools.embedded.watchdog <folder> <lock>``: runs one server while it has users.

The files in the folder: see server_users.py. The lock is the inherited descriptor of ``watchdog.lock``,
which stays locked until this process ends. A server that ends by itself is started again.
"""

import fcntl
import json
import os
import signal
import sys
import threading
from pathlib import Path

from devtools.embedded.postgres_server import PostgresServer
from devtools.embedded.redis_server import RedisServer

SERVERS = {"DATABASE_URL": PostgresServer, "REDIS_URL": RedisServer}
POLL_SECONDS = 0.2


class Watchdog:
    def __init__(self, folder: Path, lock: int) -> None:
        self.folder = folder
        self.lock = lock
        self.server = SERVERS[folder.name](folder.parent)
        self.stopping = threading.Event()

    def run(self) -> None:
        signal.signal(signal.SIGTERM, lambda *_: self.stopping.set())
        try:
            while not self.stopping.is_set():
                self.server.start()
                self._publish()
                self._watch()
            self.server.stop()
        except OSError as error:  # the folder was removed, is another user's, or is full
            raise SystemExit(str(error)) from error
        finally:
            self.server.kill()  # if it has not been stopped

    def _publish(self) -> None:
        running = {"address": self.server.address, "server": self.server.pid, "watchdog": os.getpid()}
        partial = self.folder / "running.partial"
        partial.write_text(json.dumps(running))
        partial.rename(self.folder / "running.json")

    def _watch(self) -> None:
        """Return when the server has ended or must stop; from then on it has no address."""
        while self.server.is_alive() and not self.stopping.wait(POLL_SECONDS):
            if self._is_unused():
                self.stopping.set()
        (self.folder / "running.json").unlink()

    def _is_unused(self) -> bool:
        """Return whether no process uses the server. If so, new users wait until this process has ended.

        Raises:
            FileNotFoundError: the folder was removed, and perhaps made again.
        """
        if not os.path.samestat(os.fstat(self.lock), (self.folder / "watchdog.lock").stat()):
            raise FileNotFoundError
        self.users = (self.folder / "users.lock").open("r+")
        try:
            fcntl.flock(self.users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


if __name__ == "__main__":
    Watchdog(Path(sys.argv[1]), int(sys.argv[2])).run()
