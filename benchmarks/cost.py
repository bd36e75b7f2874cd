"""Measure the cost of coherence: ``python -m benchmarks.cost``

Each line shows medians of this product and of what it is compared with, in alternate rounds of one run, on
a PostgreSQL and a Redis of the benchmark's own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
PARTS = ("hits", "commits", "group_invalidations", "stampedes", "outages")

if TYPE_CHECKING:
    from benchmarks.costs.measure import Cost


def main() -> None:
    from benchmarks.servers import start_servers

    start_servers("coherence")
    from tests.caching.redis_process import RedisProcess

    redis = RedisProcess(Path(tempfile.mkdtemp(prefix="cost-")), maxmemory_policy="volatile-lru")
    try:
        measure(redis.url)
    finally:
        redis.remove()


def measure(redis_url: str) -> None:
    """Measure everything and print it."""
    os.environ |= {
        "REDIS_URL": redis_url,
        "CONTESTANT": "syllabus",
        "DJANGO_SETTINGS_MODULE": "benchmarks.history.settings",
        "PYTHONPATH": str(ROOT),
    }
    subprocess.run([sys.executable, "-m", "benchmarks.history.prepare"], check=True)
    import django

    django.setup()
    from importlib import import_module

    print(f"{'':45} {'ours':>12}  {'beside':42} target")
    for part in PARTS:
        for cost in import_module(f"benchmarks.costs.{part}").costs():
            print(line(cost), flush=True)


def line(cost: Cost) -> str:
    ours = _with_unit(cost.ours, cost.unit)
    beside = ", ".join(f"{name} {_with_unit(value, cost.unit)}" for name, value in cost.beside.items())
    return f"{cost.what:45} {ours:>12}  {beside:42} {cost.target}{'' if cost.reached else '  MISSED'}"


def _with_unit(value: float, unit: str) -> str:
    return f"{value:.3f} ms" if unit == "ms" else f"{value:g}"


if __name__ == "__main__":
    main()
