"""Another project (strangers_project/), set up with ``caching/`` and nothing else of this repository.

``python -m tests.caching.shop [READS] [psycopg2|"psycopg 3"] [locmem|redis]`` runs its history on servers
of its own and prints the result. The exit code is 1 if a read was wrong.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.caching import psycopg3

ROOT = Path(__file__).resolve().parents[2]
PROJECT = Path(__file__).parent / "strangers_project"
DRIVERS = ("psycopg2", "psycopg 3")
RULES = ("stale", "uncommitted", "backwards", "inconsistent", "wrong at the end")


class Shop:
    """Runs the project's scripts, each in a process that can import only ``caching/`` of this repository.

    Args:
        folder: the folder of the project; it is created.
        driver: one of DRIVERS.
        cache: the backend of its default cache: ``locmem`` or ``redis``.
        database: the name of its database; the name of a second one ends in ``_archive``.
        server: ``host`` and ``user`` of PostgreSQL.
        redis_url: the Redis database for its cache.

    Raises:
        psycopg3.NotInstalled: the driver cannot be installed.
    """

    def __init__(
        self, folder: Path, *, driver: str, cache: str, database: str, server: dict[str, str], redis_url: str
    ) -> None:
        self.folder = folder
        shutil.copytree(PROJECT, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "caching").symlink_to(ROOT / "caching")
        driver_path = [str(psycopg3.folder())] if driver == "psycopg 3" else []
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join([*driver_path, str(folder)]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "SHOP_DRIVER": driver,
            "SHOP_CACHE": cache,
            "SHOP_DATABASE": database,
            "SHOP_DATABASE_HOST": server["host"],
            "SHOP_DATABASE_USER": server["user"],
            "SHOP_REDIS": redis_url,
        }

    def run(self, script: str, *words: str, returns: int = 0, **environment: str) -> str:
        """Return the output of a script.

        Raises:
            AssertionError: its exit code is not ``returns``.
        """
        ran = subprocess.run(
            [sys.executable, "-W", "error", script, *words],
            cwd=self.folder,
            env={**self.environment, **environment},
            check=False,
            capture_output=True,
            text=True,
        )
        assert ran.returncode == returns, f"{script} {words}: {ran.stdout[-2000:]}{ran.stderr[-3000:]}"
        return ran.stdout + (ran.stderr if returns else "")


@contextlib.contextmanager
def databases(name: str, server: dict[str, str]) -> Iterator[dict[str, str]]:
    """Create the shop's two databases for the block. Yield the connection parameters of their owner.

    The owner is not a superuser, as in most projects. A second role, ``…_clerk``, may only connect.
    """
    names, owner, clerk = [name, f"{name}_archive"], f"{name}_owner", f"{name}_clerk"
    drop = [
        *(f'DROP DATABASE IF EXISTS "{each}" WITH (FORCE)' for each in names),
        f'DROP ROLE IF EXISTS "{owner}", "{clerk}"',
    ]
    create = [
        *(f'CREATE ROLE "{each}" LOGIN' for each in (owner, clerk)),
        *(f'CREATE DATABASE "{each}" OWNER "{owner}"' for each in names),
    ]
    _administer(server, *drop, *create)
    try:
        yield {**server, "user": owner}
    finally:
        _administer(server, *drop)


def _administer(server: dict[str, str], *statements: str) -> None:
    import psycopg2

    admin = psycopg2.connect(**server, dbname="postgres")
    try:
        admin.autocommit = True
        with admin.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    finally:
        admin.close()


def migrate(shop: Shop) -> None:
    """Create the tables and the triggers of both databases."""
    for alias in ("default", "archive"):
        shop.run("manage.py", "migrate", "--database", alias, "--verbosity", "0")


def _main(reads: int = 100_000, driver: str = "psycopg2", cache: str = "locmem") -> None:
    from benchmarks.servers import start_servers

    start_servers("shop")
    from psycopg2.extensions import parse_dsn

    from tests.caching.redis_process import RedisProcess

    found = parse_dsn(os.environ["DATABASE_URL"])
    server = {name: found[name] for name in ("host", "user")}
    with tempfile.TemporaryDirectory() as name, databases("shop_history", server) as owner:
        (Path(name) / "redis").mkdir()
        redis = RedisProcess(Path(name) / "redis")
        try:
            shop = Shop(
                Path(name) / "shop",
                driver=driver,
                cache=cache,
                database="shop_history",
                server=owner,
                redis_url=redis.url,
            )
            migrate(shop)
            line = shop.run("history.py", str(reads)).splitlines()[-1]
        finally:
            redis.remove()
    print(f"{driver}, {cache}: {line}")
    raise SystemExit(any(json.loads(line)[rule] for rule in RULES))


if __name__ == "__main__":
    _main(*(int(word) if word.isdigit() else word for word in sys.argv[1:]))  # type: ignore[arg-type]
