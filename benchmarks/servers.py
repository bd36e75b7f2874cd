"""A PostgreSQL and a Redis for one benchmark alone, whatever the developer has configured."""

import fcntl
import os
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent.parent / "var" / "bench"


def start_servers(name: str) -> Path:
    """Start them, and set their addresses in an environment that is otherwise as by default.

    Returns:
        The folder of the benchmark of that name, for its servers and its logs.

    Raises:
        SystemExit: the same benchmark is under way.
    """
    from devtools.environment import ensure_servers, forget_configuration

    state = BENCHMARKS / name
    forget_configuration(state)
    state.mkdir(parents=True, exist_ok=True)
    try:
        fcntl.flock(os.open(state / "benchmark.lock", os.O_CREAT | os.O_RDWR), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SystemExit("This benchmark is under way in this checkout already.") from None
    ensure_servers()
    return state
