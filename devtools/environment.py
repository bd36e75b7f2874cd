"""Complete the environment of a development machine before settings are read.

If no address is configured, a real PostgreSQL and a real Redis are started, and their addresses are set. The
rest of the project uses them like any other addresses.
"""

import os
import re
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from config.environment import ROOT, SERVERS, load_environment, running_address

DEVELOPMENT_COMMANDS = {"run", "test", "flower"}


def prepare_command(arguments: Sequence[str]) -> None:
    """Complete the environment of a ``manage.py`` command; some have DEBUG on unless it is set."""
    load_environment()
    os.environ.setdefault("SYLLABUS_DEVTOOLS", "1")
    if set(arguments[1:2]) & DEVELOPMENT_COMMANDS:
        os.environ.setdefault("DEBUG", "1")
    ensure_servers()


def reset_configuration(state: Path) -> None:
    """Reset settings to their defaults, and the state folder of embedded servers to ``state``.

    For tests and benchmarks, which must not use what the developer has configured in the environment or
    in ``.env``.
    """
    os.environ["PYTHON_DOTENV_DISABLED"] = "1"
    documented = re.findall(r"^(?:# )?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    for name in documented:
        os.environ.pop(name, None)
    os.environ["SYLLABUS_STATE_DIR"] = str(state)


def ensure_servers() -> None:
    """Set DATABASE_URL and REDIS_URL if they are unset, and start the servers unless they run.

    Idempotent. A server stops when the last process that called this function has ended.

    Raises:
        SystemExit: a server cannot run here; the message is one line that says what to do.
    """
    missing = [name for name in SERVERS if not _is_configured(name)]
    if not missing:
        return
    if sys.platform == "win32" or find_spec("psutil") is None:
        raise SystemExit(
            f"Not configured: {', '.join(missing)}. Set it (see .env.example) or use docker compose up. "
            "On Linux and macOS, requirements-dev.txt brings embedded servers that need no address."
        )
    from devtools.embedded.server_users import join  # needs Unix and requirements-dev.txt

    os.environ.update({name: join(name) for name in missing})


def _is_configured(name: str) -> bool:
    if name == "DATABASE_URL" and os.environ.get("DB_HOST"):
        return True
    # A parent process may have set the address of an embedded server: this process is a user, too.
    return os.environ.get(name, "") not in {"", running_address(name)}
