"""A PostgreSQL and a Redis for one benchmark only, whatever the developer has configured."""

import fcntl
import os
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent.parent / "var" / "bench"


def start_servers(name: str) -> Path:
    """Start them, and set their addresses in an environment that otherwise has the defaults.

    Returns:
        The folder of the benchmark with that name, for its servers and its logs.

    Raises:
        SystemExit: the same benchmark is running already.
    """
    from devtools.environment import ensure_servers, reset_configuration

    state = BENCHMARKS / name
    reset_configuration(state)
    os.environ["SYLLABUS_DEVTOOLS"] = "1"  # for the command demo
    state.mkdir(parents=True, exist_ok=True)
    try:
        fcntl.flock(os.open(state / "benchmark.lock", os.O_CREAT | os.O_RDWR), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SystemExit("This benchmark is already running in this checkout.") from None
    ensure_servers()
    return state
