"""A PostgreSQL and a Redis for the benchmarks alone, whatever the developer has configured."""

import fcntl
import os
from pathlib import Path

STATE = Path(__file__).resolve().parent.parent / "var" / "bench"


def start_servers() -> None:
    """Start them, and set their addresses in the environment.

    Raises:
        SystemExit: another benchmark is using them.
    """
    for name in ("DATABASE_URL", "DB_HOST", "REDIS_URL", "SYLLABUS_EMBEDDED"):
        os.environ[name] = ""  # set, though empty: .env cannot fill it
    os.environ["SYLLABUS_STATE_DIR"] = str(STATE)
    STATE.mkdir(parents=True, exist_ok=True)
    try:
        fcntl.flock(os.open(STATE / "benchmark.lock", os.O_CREAT | os.O_RDWR), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SystemExit("Another benchmark is under way in this checkout.") from None
    from ops.embedded import ensure_servers

    ensure_servers()
