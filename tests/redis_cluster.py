"""A Redis Cluster of three primaries on loopback, for the tests of the core."""

from __future__ import annotations

import atexit
import shutil
import socket
import subprocess
import tempfile
import time

import redis

from devtools.embedded.wheels import redis_server_binary

SLOTS = 16384
DEADLINE_SECONDS = 20


def start_cluster(size: int = 3) -> list[tuple[str, int]]:
    """Start the nodes, give each its share of the slots, and return their addresses.

    They are ended, and their folder removed, when the process ends.
    """
    folder = tempfile.mkdtemp(prefix="redis-cluster-")
    ports = [_free_port() for _ in range(size)]
    servers = [_start_node(folder, port) for port in ports]
    atexit.register(_end, servers, folder)
    clients = [redis.Redis(port=port, protocol=2) for port in ports]
    _until(lambda: all(_answers(client) for client in clients))
    for index, client in enumerate(clients):
        first, last = index * SLOTS // size, (index + 1) * SLOTS // size
        client.execute_command("CLUSTER", "ADDSLOTS", *range(first, last))
        client.execute_command("CLUSTER", "MEET", "127.0.0.1", ports[0])
    _until(lambda: all(_complete(client, size) for client in clients))
    for client in clients:
        client.close()
    return [("127.0.0.1", port) for port in ports]


def _start_node(folder: str, port: int) -> subprocess.Popen:
    options = {
        "port": port,
        "bind": "127.0.0.1",
        "dir": folder,
        "cluster-enabled": "yes",
        "cluster-config-file": f"nodes-{port}.conf",
        "save": "",
    }
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    return subprocess.Popen([redis_server_binary(), *words], stdout=subprocess.DEVNULL)


def _complete(client: redis.Redis, size: int) -> bool:
    info = client.execute_command("CLUSTER", "INFO")
    text = info if isinstance(info, dict) else dict(line.split(":") for line in info.decode().split())
    return text["cluster_state"] == "ok" and int(text["cluster_known_nodes"]) == size


def _answers(client: redis.Redis) -> bool:
    try:
        return client.ping()
    except redis.ConnectionError:
        return False


def _until(condition) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the cluster did not form")
        time.sleep(0.05)


def _free_port() -> int:
    """A port whose cluster bus port, 10,000 above, is a valid port too."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port < 55_000:
            return port


def _end(servers: list[subprocess.Popen], folder: str) -> None:
    for server in servers:
        server.terminate()
    for server in servers:
        server.wait()
    shutil.rmtree(folder, ignore_errors=True)
