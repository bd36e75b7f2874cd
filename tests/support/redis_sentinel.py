"""Sentinels of a test's own, which watch one master."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import redis

from devtools.embedded.wheels import redis_server_binary
from tests.caching.redis_process import free_port
from tests.support.waiting import until

MASTER = "mymaster"


class Sentinel:
    """A Sentinel that calls the Redis at ``host`` and ``port`` its master.

    Args:
        folder: for its configuration, which it rewrites.
        password: clients must give it.
        master_password: by which it reaches the master.
        tls: Redis' options of a certificate. It then also answers on ``tls_port``, and reaches the master
            by TLS.
    """

    def __init__(
        self,
        host: str,
        port: int,
        folder: Path,
        *,
        password: str = "",
        master_password: str = "",
        tls: dict[str, str] | None = None,
    ) -> None:
        self.port, self.tls_port = free_port(), free_port()
        self._password = password or None
        lines = [f"port {self.port}", "bind 127.0.0.1", f"dir {folder}"]
        lines.append(f"sentinel monitor {MASTER} {host} {port} 1")
        lines += [f"sentinel auth-pass {MASTER} {master_password}"] if master_password else []
        lines += [f"requirepass {password}"] if password else []
        if tls:
            lines += [f"tls-port {self.tls_port}", "tls-auth-clients no", "tls-replication yes"]
            lines += [f"{name.replace('_', '-')} {value}" for name, value in tls.items()]
        config = folder / f"sentinel-{self.port}.conf"
        config.write_text("\n".join(lines) + "\n")
        command = [redis_server_binary(), config, "--sentinel"]
        self._process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
        try:
            until(self._answers)
        except BaseException:
            self.kill()
            raise

    def client(self) -> redis.Redis:
        """A client of it; a context manager."""
        return redis.Redis(port=self.port, decode_responses=True, password=self._password)

    def stop(self) -> None:
        """Have it hang: it accepts connections, and answers nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()
        self._process.wait(10)

    def _answers(self) -> bool:
        with contextlib.suppress(redis.ConnectionError), self.client() as client:
            return bool(client.ping())
        return False


@contextlib.contextmanager
def watching(host: str, port: int, folder: Path) -> Iterator[redis.Redis]:
    """A client of a Sentinel of the context's own."""
    sentinel = Sentinel(host, port, folder)
    try:
        with sentinel.client() as client:
            yield client
    finally:
        sentinel.kill()
