"""A Sentinel of a test's own, which watches one master."""

from __future__ import annotations

import contextlib
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import redis

from devtools.embedded.wheels import redis_server_binary
from tests.waiting import until

MASTER = "mymaster"


@contextlib.contextmanager
def watching(host: str, port: int, folder: Path) -> Iterator[redis.Redis]:
    """A client of a Sentinel that calls the Redis at ``host`` and ``port`` its master."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        own_port = probe.getsockname()[1]
    config = folder / "sentinel.conf"
    config.write_text(f"port {own_port}\nsentinel monitor {MASTER} {host} {port} 1\n")
    command = [redis_server_binary(), config, "--sentinel"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    try:
        with redis.Redis(port=own_port, decode_responses=True) as client:
            until(lambda: _answers(client))
            yield client
    finally:
        process.terminate()
        process.wait(10)


def _answers(client: redis.Redis) -> bool:
    with contextlib.suppress(redis.ConnectionError):
        return bool(client.ping())
    return False
