"""pgbouncer in transaction pooling, in front of the tests' PostgreSQL."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import psycopg2
import pytest
from django.db import connection

from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

BINARY = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
needs_pgbouncer = pytest.mark.skipif(BINARY is None, reason="needs pgbouncer (apt-get install pgbouncer)")
CONFIGURATION = """
[databases]
* = host={host} port={port} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {pool_size}
server_login_retry = 1
ignore_startup_parameters = extra_float_digits
logfile = {folder}/log
"""


class Pooler(NamedTuple):
    """A running pgbouncer. ``url`` is the test's database through it."""

    url: str
    process: subprocess.Popen[bytes]


@contextmanager
def pgbouncer(pool_size: int = 5) -> Iterator[Pooler]:
    """Run pgbouncer until the block ends."""
    server = connection.get_connection_params()
    with socket.socket() as free, tempfile.TemporaryDirectory(prefix="pgbouncer-") as folder:
        free.bind(("127.0.0.1", 0))
        values = {
            "host": server["host"],
            "port": server.get("port") or 5432,
            "user": server.get("user"),
            "listen": free.getsockname()[1],
            "folder": folder,
            "pool_size": pool_size,
        }
        free.close()
        Path(folder, "ini").write_text(CONFIGURATION.format(**values))
        process = subprocess.Popen(
            [str(BINARY), *_as_owner(server["host"], folder), f"{folder}/ini"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        url = "postgres://{user}@127.0.0.1:{listen}/".format(**values) + connection.settings_dict["NAME"]
        try:
            until(lambda: process.poll() is not None or _answers(url))
            assert process.poll() is None, Path(folder, "log").read_text()
            yield Pooler(url, process)
        finally:
            process.terminate()
            process.wait(20)


def _as_owner(socket_folder: str, folder: str) -> list[str]:
    """Return the option to run as the user who may enter PostgreSQL's folder: it refuses to run as root."""
    if os.getuid() != 0:
        return []
    is_folder = socket_folder.startswith("/")  # else an address
    owner = Path(socket_folder).owner() if is_folder else "daemon"
    for path in (folder, f"{folder}/ini"):
        shutil.chown(path, owner)
    return ["-u", owner]


def _answers(url: str) -> bool:
    try:
        psycopg2.connect(url, connect_timeout=2).close()
    except psycopg2.OperationalError:
        return False
    return True
