"""Compare the cost of requests with that of another checkout: ``python -m benchmarks.requests --other PATH``

PATH is another checkout, for example one made by ``git worktree add PATH COMMIT``. Each runs its own WSGI
application in a process of its own, on a database of its own with the same demo data, in alternate rounds.
The table shows medians of the wall-clock time, means of the process's CPU time, and ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.generations.__main__ import make_database
from benchmarks.servers import start_servers

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TIMES = {"hit": 200, "miss": 50, "patch": 50, "tasks": 50, "subscriptions": 50}
RATES = ["ANON", "USER", "COURSES_TOP", "AUTH_TOKEN"]


class Checkout:
    """A process that serves one checkout.

    Attributes:
        walls: for each kind of request the milliseconds of each.
        cpus: for each kind of request the mean CPU milliseconds of each round.
    """

    def __init__(self, path: Path, redis_number: int) -> None:
        self.walls: dict[str, list[float]] = {name: [] for name in TIMES}
        self.cpus: dict[str, list[float]] = {name: [] for name in TIMES}
        redis = urlsplit(os.environ["REDIS_URL"])
        environment = {
            "CELERY_BROKER_URL": redis._replace(path=f"/{redis_number + 1}").geturl(),
            "DATABASE_URL": make_database(f"requests_{redis_number}"),
            "DEBUG": "0",
            "DJANGO_SECRET_KEY": "only-for-benchmarks",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "LOG_LEVEL": "ERROR",
            "PYTHONPATH": str(path),
            "REDIS_URL": redis._replace(path=f"/{redis_number}").geturl(),
            "SYLLABUS_DEVTOOLS": "1",
            **{f"THROTTLE_{name}": "1000000/min" for name in RATES},
        }
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "worker.py")],
            cwd=path,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def request(self, name: str, *, note: bool) -> None:
        """Make a kind of request a number of times; remember how long it took if ``note``."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{name} {TIMES[name]}\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if note:
            self.walls[name] += answer["walls"]
            self.cpus[name].append(answer["cpu"] / TIMES[name])

    def end(self) -> None:
        """End the process."""
        self._process.communicate()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--other", type=Path, required=True, help="another checkout")
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    start_servers("requests")
    checkouts = [Checkout(ROOT, 10), Checkout(options.other.resolve(), 12)]
    for number in range(-2, options.rounds):
        for name in TIMES:
            for checkout in checkouts[:: -1 if number % 2 else 1]:
                checkout.request(name, note=number >= 0)
    for checkout in checkouts:
        checkout.end()
    print(f"{'ms':14}{'this':>10}{'other':>10}{'ratio':>8}{'this CPU':>10}{'other CPU':>10}{'ratio':>8}")
    for name in TIMES:
        this, other = (statistics.median(checkout.walls[name]) for checkout in checkouts)
        this_cpu, other_cpu = (statistics.median(checkout.cpus[name]) for checkout in checkouts)
        print(
            f"{name:14}{this:10.2f}{other:10.2f}{this / other:8.2f}"
            f"{this_cpu:10.2f}{other_cpu:10.2f}{this_cpu / other_cpu:8.2f}"
        )


if __name__ == "__main__":
    main()
