"""A Redis Cluster of three primaries on loopback."""

from __future__ import annotations

import atexit
import contextlib
import shutil
import signal
import socket
import subprocess
import tempfile

import redis

from devtools.embedded.wheels import redis_server_binary
from tests.support.waiting import until

SLOTS = 16384


class Cluster:
    """Nodes of a cluster's own, without replicas, each with its share of the slots.

    With ``tls``, Redis' options of a certificate, each also answers on a port of ``tls_ports``.
    """

    def __init__(self, size: int = 3, *, tls: dict[str, str] | None = None, **options: str) -> None:
        self._folder = tempfile.mkdtemp(prefix="redis-cluster-")
        self._options = {name.replace("_", "-"): value for name, value in options.items()}
        self._tls = {name.replace("_", "-"): value for name, value in (tls or {}).items()}
        self.tls_ports: dict[int, int] = {}
        self.ports = [_free_port() for _ in range(size)]
        self._processes = {port: self._start(port) for port in self.ports}
        try:
            self._join()
        except BaseException:  # the other nodes must not outlive a cluster that was never there
            self.remove()
            raise

    def _join(self) -> None:
        """Give each node its share of the slots, and wait until they know each other.

        Raises:
            RuntimeError: a node has ended, for example because its port was taken in the meantime.
        """
        for index, port in enumerate(self.ports):
            until(lambda port=port: self._answers(port))
            first, last = (SLOTS * n // len(self.ports) for n in (index, index + 1))
            with self.client(port) as client:
                client.execute_command("CLUSTER", "ADDSLOTS", *range(first, last))
                client.execute_command("CLUSTER", "MEET", "127.0.0.1", self._meeting_port)
        for port in self.ports:
            until(lambda port=port: self._is_complete(port))

    @property
    def addresses(self) -> list[tuple[str, int]]:
        return [("127.0.0.1", port) for port in self.ports]

    @property
    def _meeting_port(self) -> int:
        """The port by which nodes meet the first one; the port of its bus is counted from it, too."""
        return self.tls_ports.get(self.ports[0], self.ports[0])

    def client(self, port: int) -> redis.Redis:
        """A client of one node; a context manager."""
        return redis.Redis(port=port, protocol=2, password=self._options.get("requirepass"))

    def add_node(self) -> int:
        """Start a primary without slots, and return its port."""
        port = _free_port()
        self._processes[port] = self._start(port)
        self.ports.append(port)
        until(lambda: self._answers(port))
        with self.client(port) as client:
            client.execute_command("CLUSTER", "MEET", "127.0.0.1", self._meeting_port)
        for known in self.ports:
            until(lambda known=known: self._is_complete(known))
        return port

    def stop(self, port: int) -> None:
        """Have a node hang: it accepts connections, and answers nothing."""
        self._processes[port].send_signal(signal.SIGSTOP)

    def cont(self, port: int) -> None:
        """Have a node that hung continue."""
        self._processes[port].send_signal(signal.SIGCONT)

    def kill(self, port: int) -> None:
        """SIGKILL."""
        process = self._processes.pop(port)
        process.kill()
        process.wait()

    def restart(self, port: int) -> None:
        """Start a node again that was killed."""
        self._processes[port] = self._start(port)
        until(lambda: self._answers(port))

    def remove(self) -> None:
        for port in list(self._processes):
            self.kill(port)
        shutil.rmtree(self._folder, ignore_errors=True)

    def is_complete(self) -> bool:
        return all(self._is_complete(port) for port in self.ports)

    def _start(self, port: int) -> subprocess.Popen[bytes]:
        options = {
            "port": str(port),
            "bind": "127.0.0.1",
            "dir": self._folder,
            "cluster-enabled": "yes",
            "cluster-config-file": f"nodes-{port}.conf",
            "save": "",
            **self._options,
            **self._tls_options(port),
        }
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        return subprocess.Popen([redis_server_binary(), *words], stdout=subprocess.DEVNULL)

    def _tls_options(self, port: int) -> dict[str, str]:
        if not self._tls:
            return {}
        tls_port = self.tls_ports.setdefault(port, _free_port())
        return {"tls-port": str(tls_port), "tls-cluster": "yes", "tls-auth-clients": "no", **self._tls}

    def _is_complete(self, port: int) -> bool:
        with self.client(port) as client:
            info = client.execute_command("CLUSTER", "INFO")
        text = info if isinstance(info, dict) else dict(line.split(":") for line in info.decode().split())
        return text["cluster_state"] == "ok" and int(text["cluster_known_nodes"]) == len(self.ports)

    def _answers(self, port: int) -> bool:
        if self._processes[port].poll() is not None:
            raise RuntimeError(f"The node at port {port} ended while it started")
        try:
            with self.client(port) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False


def start_cluster(size: int = 3) -> list[tuple[str, int]]:
    """Start a cluster that ends with the process, and return the addresses of its nodes."""
    cluster = Cluster(size)
    atexit.register(cluster.remove)
    return cluster.addresses


def _free_port() -> int:
    """Return a free port whose cluster bus port, 10,000 above, is free, too."""
    while True:
        with socket.socket() as probe, socket.socket() as bus, contextlib.suppress(OSError, OverflowError):
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
            bus.bind(("127.0.0.1", port + 10_000))
            return port
