"""``python -m devtools.embedded.watchdog <folder> <descriptor>``: run one server while it has users.

The descriptor is that of ``running.json``, inherited and locked until this process ends
(server_users.py). A server that ends by itself is started again.
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
    def __init__(self, folder: Path, descriptor: int) -> None:
        self.folder = folder
        self.running = os.fdopen(descriptor, "w", closefd=False)  # locked until the process has ended
        self.server = SERVERS[folder.name](folder.parent)
        self.stopping = threading.Event()

    def run(self) -> None:
        signal.signal(signal.SIGTERM, lambda *_: self.stopping.set())
        while not self.stopping.is_set():
            self.server.start()
            try:
                self._publish()
                while self.server.process.poll() is None and not self.stopping.wait(POLL_SECONDS):
                    self._stop_if_unused()
            finally:
                self.running.truncate(0)  # from now on the server has no address
                self.server.stop()

    def _publish(self) -> None:
        address, pid = self.server.address, self.server.process.pid
        json.dump({"address": address, "server": pid, "watchdog": os.getpid()}, self.running)
        self.running.flush()

    def _stop_if_unused(self) -> None:
        """Stop if no process uses the server. New users then wait until this process has ended.

        Raises:
            FileNotFoundError: the folder was removed, and perhaps made again.
        """
        if not os.path.samestat(os.fstat(self.running.fileno()), (self.folder / "running.json").stat()):
            raise FileNotFoundError(f"{self.folder} was removed")
        self.users = (self.folder / "users.lock").open("r+")
        try:
            fcntl.flock(self.users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        self.stopping.set()


if __name__ == "__main__":
    try:
        Watchdog(Path(sys.argv[1]), int(sys.argv[2])).run()
    except OSError as error:  # the folder was removed, belongs to another user, or the disk is full
        raise SystemExit(str(error)) from error
