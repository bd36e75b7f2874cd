"""Compare the cost of this build with that of another one: ``python -m benchmarks.generations --other PATH``

PATH is another checkout, for example one made by ``git worktree add PATH main``. Each build runs in a
process of its own, with its own databases on the same PostgreSQL and the same Redis, in alternate rounds.
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
from typing import Any
from urllib.parse import urlsplit

import psycopg2

from benchmarks.servers import start_servers

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TIMES = {"hit": 1000, "miss": 100, "select": 50, "select_raw": 50, "update_many": 5, "bulk_create": 3}
DEFAULT_TIMES = 20
CACHED_ONLY = ("hit", "miss")
ACTIONS = (
    *CACHED_ONLY,
    "select",
    "select_raw",
    "commit_one",
    "commit_three",
    "commit_parent",
    "save",
    "update_one",
    "update_many",
    "bulk_create",
)


class Build:
    """A process that runs one build.

    Attributes:
        walls: for each action the milliseconds of each run.
        cpus: for each action the mean CPU milliseconds of each round.
    """

    def __init__(self, name: str, checkout: Path, redis_number: int, *, cached: bool) -> None:
        self.name = name
        self.walls: dict[str, list[float]] = {action: [] for action in ACTIONS}
        self.cpus: dict[str, list[float]] = {action: [] for action in ACTIONS}
        self._actions = [action for action in ACTIONS if cached or action not in CACHED_ONLY]
        environment = {
            "DATABASE_URL": make_database(f"gauge_{redis_number}"),
            "DJANGO_SETTINGS_MODULE": "gauge.settings",
            "GAUGE_CACHE": str(int(cached)),
            "PYTHONPATH": f"{checkout}{os.pathsep}{HERE}",
            "REDIS_URL": urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{redis_number}").geturl(),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "gauge.worker"],
            cwd=checkout,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def work(self, action: str, *, note: bool) -> None:
        """Run an action a number of times, and record how long it took if ``note`` is true."""
        if action not in self._actions:
            return
        times = TIMES.get(action, DEFAULT_TIMES)
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{action} {times}\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if note:
            self.walls[action] += answer["walls"]
            self.cpus[action].append(answer["cpu"] / times)

    def end(self) -> None:
        """End the process."""
        self._process.communicate()


def make_database(name: str) -> str:
    """Create an empty database on the benchmark's server. Return its address."""
    address = os.environ["DATABASE_URL"]
    connection = psycopg2.connect(address)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(f"CREATE DATABASE {name}")
    connection.close()
    return urlsplit(address)._replace(path=f"/{name}").geturl()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--other", type=Path, required=True, help="another checkout")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--actions", nargs="+", choices=ACTIONS, default=ACTIONS)
    options = parser.parse_args()
    start_servers("generations")
    builds = [
        Build("this", ROOT, 13, cached=True),
        Build("other", options.other.resolve(), 14, cached=True),
        Build("Django alone", ROOT, 15, cached=False),
    ]
    for number in range(-2, options.rounds):
        for action in options.actions:
            for build in builds[:: -1 if number % 2 else 1]:
                build.work(action, note=number >= 0)
    for build in builds:
        build.end()
    print(table(builds, options.actions))


def table(builds: list[Build], actions: list[str]) -> str:
    """Return medians and ratios as lines of aligned columns."""
    head = [
        "ms",
        *(f"{build.name}{kind}" for kind in ("", " CPU") for build in builds),
        "ratio",
        "more",
        "CPU",
    ]
    lines = [f"{head[0]:14}" + "".join(f"{word:>18}" for word in head[1:])]
    for action in actions:
        walls = [_median(build.walls[action]) for build in builds]
        cpus = [_median(build.cpus[action]) for build in builds]
        compared: list[Any] = [walls[0] / walls[1], walls[0] - walls[1], cpus[0] / cpus[1]]
        lines.append(f"{action:14}" + "".join(f"{value:18.3f}" for value in [*walls, *cpus, *compared]))
    return "\n".join(lines)


def _median(values: list[float]) -> float:
    return statistics.median(values) if values else float("nan")


if __name__ == "__main__":
    main()
