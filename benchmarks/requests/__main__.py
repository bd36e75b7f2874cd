"""Compare the cost of requests with that of another checkout: ``python -m benchmarks.requests --other PATH``

PATH is another checkout, for example one made by ``git worktree add PATH COMMIT``. Each runs its own WSGI
application in a process of its own, on a database of its own with the same demo data, in alternate rounds;
and so does this checkout without its cache, for the requests that write. The table shows medians of the
wall-clock time and of the process's CPU time of each request, and ratios.
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
TIMES = {
    "edge": 200,
    "hit": 100,
    "miss": 50,
    "list miss": 50,
    "source miss": 50,
    "patch": 50,
    "tasks": 25,
    "subscriptions": 25,
}
WITHOUT_CACHE = {"patch"}
RATES = ["ANON", "USER", "COURSES_TOP", "AUTH_TOKEN"]


class Checkout:
    """A process that serves one checkout.

    Attributes:
        walls: for each kind of request the milliseconds of each.
        cpus: for each kind of request the CPU milliseconds of each.
    """

    def __init__(self, path: Path, redis_number: int, *, cache: bool = True) -> None:
        self.walls: dict[str, list[float]] = {name: [] for name in TIMES}
        self.cpus: dict[str, list[float]] = {name: [] for name in TIMES}
        redis = urlsplit(os.environ["REDIS_URL"])
        environment = {
            "CELERY_BROKER_URL": redis._replace(path=f"/{redis_number + 1}").geturl(),
            "CACHE_OFF": "" if cache else "1",
            "DATABASE_URL": make_database(f"requests_{redis_number}"),
            "DEBUG": "0",
            "DJANGO_SECRET_KEY": "only-for-benchmarks",
            "DJANGO_SETTINGS_MODULE": "benchmarks.throughput_settings",
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
            self.cpus[name] += answer["cpus"]

    def end(self) -> None:
        """End the process."""
        self._process.communicate()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--other", type=Path, required=True, help="another checkout")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--only", nargs="+", choices=TIMES)
    options = parser.parse_args()
    start_servers("requests")
    this, other = Checkout(ROOT, 10), Checkout(options.other.resolve(), 12)
    without = Checkout(ROOT, 14, cache=False)
    for number in range(-2, options.rounds):
        for name in options.only or TIMES:
            checkouts = [this, other, *([without] if name in WITHOUT_CACHE else [])]
            for checkout in checkouts[:: -1 if number % 2 else 1]:
                checkout.request(name, note=number >= 0)
    for checkout in (this, other, without):
        checkout.end()
    print(f"{'ms':26}{'this':>10}{'other':>10}{'ratio':>8}{'this CPU':>10}{'other CPU':>10}{'ratio':>8}")
    for name in options.only or TIMES:
        print(line(name, this, other, name))
        if name in WITHOUT_CACHE:
            print(line(f"{name}, without a cache", this, without, name))
    if not options.only:
        print(line("miss, source's design", this, other, "miss", "source miss"))


def line(title: str, this: Checkout, other: Checkout, name: str, other_name: str | None = None) -> str:
    """Return a line of the table: a kind of request, compared with the same or another kind elsewhere."""
    text = f"{title:26}"
    for ours, theirs in ((this.walls, other.walls), (this.cpus, other.cpus)):
        a, b = statistics.median(ours[name]), statistics.median(theirs[other_name or name])
        text += f"{a:10.3f}{b:10.3f}{a / b:8.2f}"
    return text


if __name__ == "__main__":
    main()
