"""What the drills run: PostgreSQL on a port, the project as shipped, nginx in front of two."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg2

from benchmarks.drills.drill import Unavailable
from devtools.embedded.postgres_server import DATABASE, PostgresServer
from tests.caching.redis_process import free_port
from tests.support.waiting import until

ROOT = Path(__file__).resolve().parents[2]
STOP_SECONDS = 60
FAIL_TIMEOUT_SECONDS = 5  # longer than a start, in which the port is open and nothing answers yet
# As in docs/operations.md, but for the client's address, which the load has chosen.
NGINX = """
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    upstream syllabus {{
        {servers}
        {keepalive}
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://syllabus;
            proxy_http_version 1.1;
            proxy_set_header Connection "{connection}";
            proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $http_x_forwarded_for;
            proxy_connect_timeout 1s;
            proxy_next_upstream error timeout;
        }}
    }}
}}
"""


class Postgres(PostgresServer):
    """The embedded PostgreSQL, which also listens on a port of loopback, and can hang."""

    def __init__(self, state: Path) -> None:
        super().__init__(state)
        self.port = free_port()
        self.address = f"postgresql://postgres@127.0.0.1:{self.port}/{DATABASE}"

    def command(self, attempt: int) -> list[str]:
        return [*super().command(attempt)[:-2], "-h", "127.0.0.1", "-p", str(self.port)]

    def restart(self) -> None:
        self.stop()
        self.start()

    def hang(self) -> None:
        """Stop all its processes, the one first that starts the others."""
        self._all("suspend")

    def go_on(self) -> None:
        self._all("resume")

    def execute(self, *statements: str) -> None:
        """Run statements, each by itself, on a connection that may write."""
        with contextlib.closing(psycopg2.connect(self.address)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in ("SET default_transaction_read_only = off", *statements):
                    cursor.execute(statement)

    def _all(self, method: str) -> None:
        main = psutil.Process(self.process.pid)
        for process in [main, *main.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                getattr(process, method)()


class Process:
    """A process of the project; its lines are in a log."""

    def __init__(self, log: Path, words: str, environment: dict[str, str] | None = None) -> None:
        self._log, self._words, self._environment = log, words, environment or {}
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *self._words.split()],
                cwd=ROOT,
                env={**os.environ, **self._environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def stop(self) -> None:
        """SIGTERM, and wait for its end."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(STOP_SECONDS)

    def kill(self) -> None:
        """SIGKILL to it and to those that it has forked, at once."""
        for process in [*psutil.Process(self.process.pid).children(recursive=True), self.process]:
            process.kill()
        self.process.wait(STOP_SECONDS)


class Node(Process):
    """A web server as shipped: gunicorn with the options in gunicorn.conf.py."""

    def __init__(self, log: Path, **environment: str) -> None:
        self.port = free_port()
        words = f"-m gunicorn --bind 127.0.0.1:{self.port} --log-level warning config.wsgi:application"
        super().__init__(log, words, environment)

    def start(self) -> None:
        super().start()
        until(lambda: answers(self.port) or self.process.poll() is not None)
        assert self.process.poll() is None, f"the server ended: see {self._log}"

    def workers(self) -> set[int]:
        """Return the ids of the processes that answer."""
        return {process.pid for process in psutil.Process(self.process.pid).children()}


@contextlib.contextmanager
def nginx(folder: Path, ports: list[int], *, keepalive: bool) -> Iterator[int]:
    """Run nginx in front of servers. Yield its port.

    Raises:
        Unavailable: it is not installed.
    """
    binary = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if binary is None:
        raise Unavailable("needs nginx (apt-get install nginx-light)")
    port = free_port()
    configuration = NGINX.format(
        folder=folder,
        port=port,
        servers=" ".join(
            f"server 127.0.0.1:{each} max_fails=1 fail_timeout={FAIL_TIMEOUT_SECONDS}s;" for each in ports
        ),
        keepalive="keepalive 32;" if keepalive else "",
        connection="" if keepalive else "close",
    )
    (folder / "nginx.conf").write_text(configuration)
    process = subprocess.Popen([binary, "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"])
    try:
        until(lambda: answers(port) or process.poll() is not None)
        assert process.poll() is None, (folder / "error.log").read_text()
        yield port
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def answers(port: int) -> bool:
    with contextlib.suppress(OSError):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=5).close()
        return True
    return False
