"""psycopg 3, in a folder of its own: Django prefers it wherever it can be imported.

``python -m tests.caching.psycopg3`` (or ``make psycopg3``) installs it.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "requirements-psycopg3.txt"
VAR = ROOT / "var"


class NotInstalled(Exception):  # noqa: N818  (it names a state)
    """psycopg 3 is not installed and cannot be installed."""


def folder() -> Path:
    """Return the folder that must come first on ``sys.path`` to use psycopg 3; install it if it is missing.

    Its name depends on the requirements and the Python version, so a change of either makes a new folder.

    Raises:
        NotInstalled: with pip's reason.
    """
    text = REQUIREMENTS.read_text() + sys.version
    made = VAR / f"psycopg3-{sha256(text.encode()).hexdigest()[:8]}"
    VAR.mkdir(exist_ok=True)
    with (VAR / "psycopg3.lock").open("w") as lock:  # pytest-xdist's workers call this at the same time
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            _install(made)
    return made


def _install(made: Path) -> None:
    unfinished = Path(tempfile.mkdtemp(prefix="psycopg3.", dir=VAR))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(unfinished)]
    ran = subprocess.run([*command, "-r", str(REQUIREMENTS)], check=False, capture_output=True, text=True)
    if ran.returncode:
        shutil.rmtree(unfinished)
        raise NotInstalled(ran.stderr.strip()[-300:])
    unfinished.rename(made)


if __name__ == "__main__":
    try:
        print(folder())
    except NotInstalled as error:
        raise SystemExit(f"psycopg 3 cannot be installed: {error}") from None
