"""Measure a change of a service's price: the duration of its save, and the time until all prices are right.

    .venv/bin/python -m benchmarks.recalculation [--rows 5000] [--sizes 100000 1000000]

First the source's design and this product side by side, then this product alone with more subscriptions,
while a client reads the list: a price that is saved, and one that is scheduled. One Celery worker with two
processes and beat serves all, on a PostgreSQL and a Redis of the benchmark's own. Convergence is measured
from the end of the save. For the schedule it is measured from the moment that was set, and ``save()`` is the
time until the service has the price. Beside it, what the database did during it: its processor time, which
other work on the machine does not lengthen, its WAL, and how large table and indexes were and became.
"""

from __future__ import annotations

import argparse
import functools
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from benchmarks.servers import BENCHMARKS, start_servers

ROOT = Path(__file__).resolve().parent.parent
PAGE_BASE_ROWS = 10_000
READ_PAUSE_SECONDS = 0.05
MAX_WAIT_SECONDS = 900
AHEAD_SECONDS = 15  # a scheduled price is set
MB = 1_000_000


class Work(NamedTuple):
    """The database's processor time, WAL, and size of the subscriptions and their indexes, at a moment."""

    seconds: float
    wal: int
    table: int
    indexes: int

    def line(self, after: Work) -> str:
        return (
            f"{'':<12} database: {after.seconds - self.seconds:.1f} s of processor time, "
            f"{(after.wal - self.wal) / MB:,.0f} MB of WAL; MB of table {self.table / MB:.0f}, then "
            f"{after.table / MB:.0f}; of indexes {self.indexes / MB:.0f}, then {after.indexes / MB:.0f}"
        )


class Result(NamedTuple):
    design: str
    rows: int
    save_seconds: float
    convergence_seconds: float
    wrong: int
    reads: list[float]
    page_seconds: float | None
    work: tuple[Work, Work] | None = None

    def line(self) -> str:
        reads = f"{_ms(statistics.median(self.reads))} / {_ms(max(self.reads))}" if self.reads else "-"
        page = "-" if self.page_seconds is None else _ms(self.page_seconds)
        line = (
            f"{self.design:<12} {self.rows:>9,} {_ms(self.save_seconds):>12} "
            f"{self.convergence_seconds:>12.2f} s {self.wrong:>7,} {reads:>22} {page:>10}"
        )
        return "\n".join([line, self.work[0].line(self.work[1])]) if self.work else line


HEADER = (
    f"{'design':<12} {'rows':>9} {'save()':>12} {'converged':>14} {'wrong':>7} "
    f"{'reads, loaded':>22} {'page':>10}"
)


def main() -> None:
    options = parse_arguments()
    start()
    print(HEADER, flush=True)
    with worker():
        print(measure_source(options.rows).line(), flush=True)
        base = measure_product(options.rows)
        print(base.line(), flush=True)
        for rows in options.sizes:
            print(measure_product(rows).line(), flush=True)
            print(measure_schedule(rows).line(), flush=True)
    print("\nreads, loaded: median / longest list request during the recalculation, total included")
    print("page: median of a list request at rest")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=5_000, help="subscriptions, side by side")
    parser.add_argument("--sizes", type=int, nargs="*", default=[PAGE_BASE_ROWS, 100_000, 1_000_000])
    return parser.parse_args()


def start() -> None:
    """Start the servers, create the tables, and empty the broker."""
    start_servers("recalculation")
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "benchmarks.recalculation_settings",
        "DEBUG": "0",
        "DJANGO_SECRET_KEY": "only-for-benchmarks-" + "x" * 50,
        "THROTTLE_USER": "1000000/min",
        "DB_STATEMENT_TIMEOUT": "0",  # of the statement that adds a million rows
        "LOG_LEVEL": "WARNING",
    }
    import django
    import redis
    from django.conf import settings
    from django.core.management import call_command

    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    with redis.Redis.from_url(settings.CELERY_BROKER_URL) as broker:
        broker.flushall()


@contextmanager
def worker() -> Iterator[None]:
    beat = f"-B -s {BENCHMARKS / 'recalculation' / 'beat'}"
    command = f"-m celery -A config worker {beat} -c 2 -l warning --without-gossip --without-mingle"
    with (BENCHMARKS / "recalculation" / "worker.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, *command.split()], cwd=ROOT, stdout=log, stderr=log)
    try:
        from config.celery import app

        wait_until(lambda: app.control.ping(timeout=1))
        yield
    finally:
        process.terminate()
        process.wait(30)


def measure_source(rows: int) -> Result:
    from benchmarks.source_prices.models import SourceService, SourceSubscription

    truncate("source_prices_sourcesubscription", "source_prices_sourceservice")
    service = SourceService.objects.create(full_price=250)
    SourceSubscription.objects.bulk_create(
        SourceSubscription(service=service, discount_percent=percent % 101, price=0)
        for percent in range(rows)
    )
    execute("UPDATE source_prices_sourcesubscription SET price = services_price(250, discount_percent)")
    service = SourceService.objects.get()  # as a request loads it
    service.full_price = 300
    save_seconds = seconds_of(service.save)
    converged = seconds_of(lambda: wait_until(is_idle))
    wrong = scalar(
        "SELECT count(*) FROM source_prices_sourcesubscription "
        "WHERE price <> services_price(300, discount_percent)"
    )
    return Result("the source", rows, save_seconds, converged, wrong, [], None)


def measure_product(rows: int) -> Result:
    service = populate(rows)
    page_seconds = statistics.median(seconds_of(read_page) for _ in range(30))
    before = database_work()
    service.full_price = 300
    save_seconds = seconds_of(service.save)
    with reading() as reads:
        converged = seconds_of(lambda: wait_until(nothing_is_pending, pause=0.2))
    wait_until(is_idle)
    work = before, database_work()
    return Result("this product", rows, save_seconds, converged, wrong_prices(), reads, page_seconds, work)


def measure_schedule(rows: int) -> Result:
    from services.models import PriceChange, Service

    service = populate(rows)
    before, moment = database_work(), time.time() + AHEAD_SECONDS
    effective_from = datetime.fromtimestamp(moment, UTC)
    PriceChange.objects.create(service=service, value=300, effective_from=effective_from)
    with reading() as reads:
        wait_until(lambda: Service.objects.get().full_price == 300)
        applied = time.time() - moment
        wait_until(nothing_is_pending, pause=0.2)
        converged = time.time() - moment
    wait_until(is_idle)
    work = before, database_work()
    return Result("a schedule", rows, applied, converged, wrong_prices(), reads, None, work)


def database_work() -> Work:
    """Return what the server has done so far; processes that have ended count in their parent."""
    server = psutil.Process(scalar("SELECT pg_backend_pid()")).parent()
    assert server is not None
    seconds = sum(server.cpu_times()[:4]) + sum(sum(each.cpu_times()[:2]) for each in server.children())
    table = "'services_subscription'::regclass"
    return Work(
        seconds,
        scalar("SELECT pg_current_wal_lsn() - '0/0'"),
        scalar(f"SELECT pg_table_size({table})"),
        scalar(f"SELECT pg_indexes_size({table})"),
    )


def populate(rows: int) -> Any:
    """Create and return one service with all the subscriptions, of ten clients, on three plans."""
    from django.contrib.auth.models import User

    from clients.models import Client
    from services.models import Plan, Service

    truncate("services_recalculation", "services_subscription", "services_service", "services_plan")
    users = [User.objects.get_or_create(username=f"bench{number}")[0] for number in range(10)]
    clients = [Client.objects.get_or_create(user=user, company_name=user.username)[0] for user in users]
    service = Service.objects.create(name="Course catalogue", full_price=250)
    plans = [Plan.objects.create(plan_type="full", discount_percent=percent) for percent in (0, 5, 20)]
    execute(
        "INSERT INTO services_subscription"
        " (client_id, service_id, plan_id, comment, region, channel, created_at)"
        " SELECT (%s)[1 + i %% 10], %s, (%s)[1 + i %% 3],"
        " 'c' || i %% 1000, 'r' || i %% 20, 'w' || i %% 7, now()"
        " FROM generate_series(1, %s) AS i",
        [client.pk for client in clients],
        service.pk,
        [plan.pk for plan in plans],
        rows,
    )
    execute("VACUUM ANALYZE services_subscription")
    execute("CHECKPOINT")
    return service


def read_page() -> None:
    response = reader().get("/api/v1/subscriptions/", SERVER_NAME="localhost")
    assert response.status_code == 200, response.content


@functools.cache
def reader() -> Any:
    """Return a client of the API that may read every subscription."""
    from django.contrib.auth.models import User
    from rest_framework.test import APIClient

    client = APIClient()
    client.force_authenticate(
        User.objects.get_or_create(username="reader", is_staff=True, is_superuser=True)[0]
    )
    return client


@contextmanager
def reading() -> Iterator[list[float]]:
    """Read the list repeatedly during the block; yield a list of the seconds of each request."""
    from django.db import connection

    reads: list[float] = []
    ended = threading.Event()

    def read() -> None:
        while not ended.wait(READ_PAUSE_SECONDS):
            reads.append(seconds_of(read_page))
        connection.close()

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield reads
    finally:
        ended.set()
        thread.join()


def nothing_is_pending() -> bool:
    from services.recalculation import pending_sources

    return not pending_sources()


def wrong_prices() -> int:
    return scalar(
        "SELECT count(*) FROM services_subscription JOIN services_plan ON services_plan.id = plan_id "
        "JOIN services_service ON services_service.id = service_id "
        "WHERE price <> services_price(full_price, discount_percent)"
    )


def is_idle() -> bool:
    """Return whether no message is waiting and no task is running."""
    from core import redis_state

    broker = redis_state.client()
    return not broker.llen("celery") and not broker.hlen("unacked")


def truncate(*tables: str) -> None:
    execute(f"TRUNCATE {', '.join(tables)} CASCADE")


def execute(sql: str, *params: object) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, params or None)


def scalar(sql: str) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql)
        return int(cursor.fetchone()[0])


def seconds_of(function: Callable[[], object]) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def wait_until(condition: Callable[[], object], *, pause: float = 0.05) -> None:
    deadline = time.monotonic() + MAX_WAIT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit("It has not converged: see var/bench/recalculation/worker.log")
        time.sleep(pause)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms"


if __name__ == "__main__":
    main()
