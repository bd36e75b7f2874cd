"""Measure what staff wait for: every list of the admin, the dashboard cold and warm, and exports.

    .venv/bin/python -m benchmarks.staff [--rows 1000000] [--tasks 100000]

On the PostgreSQL and Redis of ``benchmarks.lists``, with its subscriptions and 100,000 tasks besides. Every
link of a list to a page, filter or order of its own is opened, and two searches. Of five requests (of 50 for
the warm dashboard) the fastest counts, whose time is least that of other work on the machine; it is the whole
request, with the rendering of the page. Exports are read from gunicorn, in whose processes the memory is
measured. Exits with 1 if a bound is missed.
"""

from __future__ import annotations

import argparse
import html
import json
import re
import sys
import threading
import time
import urllib.request
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psutil

from benchmarks import lists
from benchmarks.servers import served

if TYPE_CHECKING:
    from collections.abc import Callable

RUNS, WARM_RUNS = 5, 50
LINK = re.compile(r'<a\b[^>]*\bhref="(\?[^"]*)"')
SEARCHES = ("?q=company77", "?q=no-such")
MAX_LIST_SECONDS, MAX_COLD_SECONDS, MAX_WARM_SECONDS, MAX_EXPORT_MB = 0.5, 0.3, 0.02, 150
MB = 1_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000, help="subscriptions")
    parser.add_argument("--tasks", type=int, default=100_000, help="tasks")
    options = parser.parse_args()
    state = lists.start()
    lists.populate(options.rows)
    add_tasks(options.tasks)
    from django.test import Client

    client = Client(SERVER_NAME="localhost")
    client.force_login(lists.admin())
    passed = [measure_dashboard(client), measure_lists(client)]
    with served(state / "gunicorn.log", ALLOWED_HOSTS="127.0.0.1") as port:
        passed += [measure_export(port, client.cookies["sessionid"].value, kind) for kind in ("csv", "xlsx")]
    sys.exit(not all(passed))


def add_tasks(number: int) -> None:
    """Add tasks in lists of a hundred, unless there are as many."""
    from tasks.models import Task

    if Task.objects.count() == number:
        return
    lists.execute("TRUNCATE tasks_tasklist RESTART IDENTITY CASCADE")
    lists.execute(
        "INSERT INTO tasks_tasklist (name, owner_id, created_at, updated_at)"
        " SELECT 'List ' || i, 1 + i %% %s, now(), now() FROM generate_series(1, %s) AS i",
        lists.CLIENTS, number // 100,
    )  # fmt: skip
    lists.execute(
        "INSERT INTO tasks_task (task_list_id, name, description, assigned_to_id, deadline, status,"
        " completed_at, created_at, updated_at, repeat, repeated)"
        " SELECT 1 + i %% %s, 'Task ' || i, repeat('x', 100), 1 + i %% 100, now()"
        " + interval '1 minute' * (i - 90000), CASE WHEN i %% 2 = 0 THEN 'completed' ELSE 'pending' END,"
        " CASE WHEN i %% 2 = 0 THEN now() END, now(), now(), '', false"
        " FROM generate_series(1, %s) AS i",
        number // 100, number,
    )  # fmt: skip
    lists.execute("VACUUM ANALYZE")


def fastest(request: Callable[[], Any], before: Callable[[], Any] = lambda: None, runs: int = RUNS) -> float:
    """Return the seconds of the fastest of a few requests."""
    times = []
    for _ in range(runs):
        before()
        began = time.perf_counter()
        request()
        times.append(time.perf_counter() - began)
    return min(times)


def measure_dashboard(client: Any) -> bool:
    from monitoring import cache

    cold = fastest(lambda: client.get("/admin/"), cache.dashboard.invalidate_all)
    began = time.process_time()
    warm = fastest(lambda: client.get("/admin/"), runs=WARM_RUNS)
    used = (time.process_time() - began) / WARM_RUNS
    words = f"{cold * 1000:.0f} ms cold, {warm * 1000:.0f} ms warm ({used * 1000:.0f} ms of processor time)"
    print(f"dashboard: {words}", flush=True)
    return cold <= MAX_COLD_SECONDS and warm <= MAX_WARM_SECONDS


def measure_lists(client: Any) -> bool:
    """Print the slowest page of each list."""
    from django.contrib import admin
    from django.urls import reverse

    slowest = 0.0
    for model in admin.site._registry:
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        first = client.get(address).content.decode()
        queries = {"", *SEARCHES, *(html.unescape(link) for link in LINK.findall(first))}
        times = {query: fastest(partial(_open, client, address + query)) for query in queries}
        worst = max(times, key=times.__getitem__)
        slowest = max(slowest, times[worst])
        first_ms, worst_ms = times[""] * 1000, times[worst] * 1000
        words = f"{len(times):>3} pages, first {first_ms:>4.0f} ms, slowest {worst_ms:>4.0f} ms"
        print(f"{address:<40} {words}  {worst}", flush=True)
    return slowest <= MAX_LIST_SECONDS


def _open(client: Any, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 200, (address, response.status_code)


def measure_export(port: int, session: str, kind: str) -> bool:
    """Print how long an export took, in how much memory, and what its progress said on the way."""
    address = f"http://127.0.0.1:{port}/admin/services/subscription/export/{kind}/{uuid4()}/"
    headers = {"Cookie": f"sessionid={session}"}
    done, peak, seen = threading.Event(), [0], set()

    def watch() -> None:
        while not done.wait(0.2):
            workers = psutil.Process().children(recursive=True)
            peak[0] = max(peak[0], *(each.memory_info().rss for each in workers if _is_worker(each)))
            request = urllib.request.Request(f"{address}progress/", headers=headers)
            with urllib.request.urlopen(request, timeout=10) as answer:
                seen.add(json.load(answer)["done"])

    watcher = threading.Thread(target=watch)
    watcher.start()
    began = time.perf_counter()
    try:
        first, size = _read(urllib.request.Request(address, headers=headers), began)
    finally:
        done.set()
        watcher.join()
    seconds = time.perf_counter() - began
    print(
        f"export as {kind}: {size / MB:.0f} MB in {seconds:.0f} s, the first bytes after {first:.1f} s, "
        f"{peak[0] / MB:.0f} MB of memory, {len(seen - {None})} steps of progress",
        flush=True,
    )
    return peak[0] / MB < MAX_EXPORT_MB and len(seen) > 2


def _is_worker(process: psutil.Process) -> bool:
    try:
        return any("gunicorn" in word for word in process.cmdline())
    except psutil.Error:
        return False


def _read(request: urllib.request.Request, began: float) -> tuple[float, int]:
    """Return the seconds until the first bytes, and the number of bytes."""
    size, first = 0, 0.0
    with urllib.request.urlopen(request, timeout=300) as response:
        while part := response.read(1 << 16):
            first = first or time.perf_counter() - began
            size += len(part)
    return first, size


if __name__ == "__main__":
    main()
