"""PostgreSQL restarts, hangs, has a locked table, or is read-only: 503 at worst, only during the fault."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg2
from django.core.management import call_command
from django.db import connections

from benchmarks.drills import world
from benchmarks.drills.drill import Drill, Unavailable, drill
from tests.support.pgbouncer import BINARY, pgbouncer

UNAVAILABLE = frozenset({"503"})
HANG_SECONDS = 10.0 if os.environ.get("DRILLS_QUICK") else 30.0
MAX_HANGING_MS = 15_000  # a kept connection is given up after 5.5 s, and then the one that replaces it
LOCK_SECONDS = 12.0


@drill("PostgreSQL restart")
def restart(folder: Path) -> Iterator[Drill]:
    yield Drill(begin=world.database().restart, seconds=0, allowed=UNAVAILABLE)


@drill("PostgreSQL restart, pgbouncer")
def restart_behind_a_pooler(folder: Path) -> Iterator[Drill]:
    with _pooler() as environment:
        yield Drill(environment, begin=world.database().restart, seconds=0, allowed=UNAVAILABLE)


@drill("PostgreSQL hangs")
def hang(folder: Path) -> Iterator[Drill]:
    yield from _hanging({})


@drill("PostgreSQL hangs, pgbouncer")
def hang_behind_a_pooler(folder: Path) -> Iterator[Drill]:
    with _pooler() as environment:
        yield from _hanging(environment)


@drill("a table is locked")
def locked_table(folder: Path) -> Iterator[Drill]:
    holder = psycopg2.connect(world.database().address)

    def lock() -> None:
        with holder.cursor() as cursor:
            cursor.execute("LOCK TABLE courses_course IN ACCESS EXCLUSIVE MODE")

    try:
        yield Drill(begin=lock, end=holder.rollback, seconds=LOCK_SECONDS, allowed=UNAVAILABLE)
    finally:
        holder.close()


@drill("PostgreSQL is read-only")
def read_only(folder: Path) -> Iterator[Drill]:
    database = world.database()

    def begin() -> None:
        database.execute("ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")

    def end() -> None:
        database.execute("ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()")

    try:
        yield Drill(begin=begin, end=end, allowed=UNAVAILABLE)
    finally:
        end()


def _hanging(environment: dict[str, str]) -> Iterator[Drill]:
    database = world.database()
    bounds: Any = {"allowed": UNAVAILABLE, "max_request_ms": MAX_HANGING_MS}
    try:
        yield Drill(environment, database.hang, database.go_on, HANG_SECONDS, **bounds)
    finally:
        database.go_on()


@contextmanager
def _pooler() -> Iterator[dict[str, str]]:
    """Run pgbouncer. Yield the environment of a project behind it, whose timeouts are the role's."""
    if BINARY is None:
        raise Unavailable("needs pgbouncer (apt-get install pgbouncer)")
    call_command("dbtimeouts", stdout=StringIO())
    connections.close_all()
    with pgbouncer(pool_size=5) as pooler:
        yield {"DATABASE_URL": pooler.url, "DB_POOLER": "1"}
