"""A real PostgreSQL and a real Redis for a machine on which neither is configured.

``ensure_servers`` completes ``os.environ``: where no address is set it starts the server and sets
one. Everything after that sees two ordinary addresses; nothing in the product knows the difference.
"""

from __future__ import annotations

import json
import os
import re
import sys
from importlib.util import find_spec
from pathlib import Path

from dotenv import load_dotenv

ROOT = Path(__file__).resolve().parent.parent.parent
STATE_VARIABLE = "SYLLABUS_STATE_DIR"
# The addresses that an ancestor set. A process that inherits them joins the servers' users, too.
INHERITED_VARIABLE = "SYLLABUS_EMBEDDED"


def state_dir() -> Path:
    """Where the embedded servers keep their data: ``var/`` unless ``SYLLABUS_STATE_DIR`` says otherwise."""
    return Path(os.environ.get(STATE_VARIABLE) or ROOT / "var").resolve()


def load_environment() -> None:
    """Complete ``os.environ`` from ``.env``; the real environment beats it."""
    load_dotenv(ROOT / ".env")


def forget_configuration(state: Path) -> None:
    """Before ``config`` is imported: servers of its own under ``state``, and settings at their defaults.

    For tests and benchmarks, which must not touch what the developer has configured, in the
    environment or in ``.env``.
    """
    os.environ["PYTHON_DOTENV_DISABLED"] = "1"
    documented = re.findall(r"^(?:# )?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    for name in (*documented, INHERITED_VARIABLE):
        os.environ.pop(name, None)
    os.environ[STATE_VARIABLE] = str(state)


def ensure_servers() -> None:
    """Set DATABASE_URL and REDIS_URL where they are unset, starting the servers behind them.

    Idempotent. The servers stop when the last process that
    called this has left (see devtools/embedded/server_users.py).

    Raises:
        SystemExit: with one line that says what to do, when a server cannot be had here.
    """
    load_environment()
    missing = [name for name in ("DATABASE_URL", "REDIS_URL") if not _is_configured(name)]
    if not missing:
        return
    if sys.platform == "win32" or find_spec("psutil") is None:
        raise SystemExit(
            f"Not configured: {', '.join(missing)}. Set it (see .env.example) or use docker compose up. "
            "On Linux and macOS, requirements-dev.txt brings embedded servers that need no address."
        )
    # Only development machines have what this imports; production configures both addresses.
    from devtools.embedded.server_users import join

    addresses = join(state_dir(), missing)
    os.environ.update(addresses)
    os.environ[INHERITED_VARIABLE] = json.dumps(addresses)


def _is_configured(name: str) -> bool:
    if name == "DATABASE_URL" and os.environ.get("DB_HOST"):
        return True
    inherited = json.loads(os.environ.get(INHERITED_VARIABLE) or "{}")
    return os.environ.get(name, "") not in {"", inherited.get(name)}


def say(line: str) -> None:
    """One line for the operator, on standard error so that no command's output changes."""
    print(line, file=sys.stderr, flush=True)
