"""Measure requests per second of bare Django, the source's own design, and this product.

    .venv/bin/python -m benchmarks.throughput [--server uwsgi]

Two processes of the server that is shipped serve the contestants: one with the edge, one without. They are
measured in alternate rounds, so that other load on the machine affects all of them, and the table shows the
medians of the rounds. Each client sends few requests, so every throttle works at its real rate and refuses
none.
At the end the server with the edge gets hits at half its greatest rate, and holds 1,000 connections.
"""

from __future__ import annotations

import argparse
import itertools
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import psutil

from benchmarks import load
from benchmarks.servers import start_servers

ROOT = Path(__file__).resolve().parent.parent
ORDERS = [
    sign + name
    for name in ("id", "title", "created_at", "views", "students_count", "rating")
    for sign in ("", "-")
]


# "gunicorn" is what is shipped; uwsgi (pip install pyuwsgi) for comparison.
SERVERS = {
    "gunicorn": "-m gunicorn --workers 1 --threads {threads} --bind 127.0.0.1:{port} config.wsgi:application",
    "uwsgi": "--http11-socket 127.0.0.1:{port} --master --processes 1 --threads {threads} "
    "--single-interpreter --need-app --disable-logging --module config.wsgi",
}
BASE = "Source's design, detail, HIT"
BARE = "Bare Django view"
EDGE_HIT = "Edge, detail, HIT"


class Contestant(NamedTuple):
    """``paths`` returns the addresses of one round. For misses, each address is new."""

    name: str
    paths: Callable[[], Iterator[str]]
    x_cache: str | None = None
    edge: bool = False


def same(path: str) -> Callable[[], Iterator[str]]:
    return lambda: itertools.repeat(path)


def details(prefix: str, courses: list[int]) -> Callable[[], Iterator[str]]:
    return lambda: (f"{prefix}{pk}/" for pk in itertools.cycle(courses))


def tops() -> Iterator[str]:
    return (f"/api/v1/courses/top/?limit={n}&order={order}" for n in range(1, 101) for order in ORDERS)


def lists() -> Iterator[str]:
    return (f"/api/v1/courses/?page={page}&order={order}" for page in range(1, 41) for order in ORDERS)


def contestants(courses: list[int]) -> list[Contestant]:
    one = courses[0]
    top = "?limit=5&order=title"
    return [
        Contestant(BARE, same("/bench/bare/")),
        Contestant("Bare Django view + one Redis GET", same("/bench/get/")),
        Contestant(BASE, same(f"/bench/source/courses/{one}/"), "HIT"),
        Contestant("Source's design, detail, MISS", details("/bench/source/courses/", courses), "MISS"),
        Contestant("Source's design, top, HIT", same(f"/bench/source/top/{top}"), "HIT"),
        Contestant(EDGE_HIT, same(f"/api/v1/courses/{one}/"), "HIT", edge=True),
        Contestant("Edge, top, HIT", same(f"/api/v1/courses/top/{top}"), "HIT", edge=True),
        Contestant("Edge, list, HIT", same("/api/v1/courses/"), "HIT", edge=True),
        Contestant("Syllabus, detail, HIT", same(f"/api/v1/courses/{one}/"), "HIT"),
        Contestant("Syllabus, detail, MISS", details("/api/v1/courses/", courses), "MISS"),
        Contestant("Syllabus, top, HIT", same(f"/api/v1/courses/top/{top}"), "HIT"),
        Contestant("Syllabus, top, MISS", tops, "MISS"),
        Contestant("Syllabus, list, HIT", same("/api/v1/courses/"), "HIT"),
        Contestant("Syllabus, list, MISS", lists, "MISS"),
    ]


def prepare() -> list[int]:
    """Fill a database with 1,000 courses, and return the ids of the published ones."""
    start_servers("throughput")
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.throughput_settings"
    os.environ["DJANGO_SECRET_KEY"] = "only-for-benchmarks"
    import django

    django.setup()
    from django.core.management import call_command

    from courses.models import Course

    call_command("migrate", verbosity=0)
    call_command("demo", size="large", password="only-for-benchmarks")
    return list(Course.objects.filter(is_published=True).order_by("id").values_list("id", flat=True))


def clear(*, all_state: bool = False) -> None:
    """Empty the caches; with ``all_state`` also the rate limits that an earlier run has left."""
    import redis
    from django.conf import settings

    if all_state:
        with redis.Redis.from_url(settings.CELERY_BROKER_URL) as client:
            client.flushdb()
    for url in (settings.REDIS_URL, settings.CACHES["source"]["LOCATION"]):
        with redis.Redis.from_url(url) as client:
            client.flushdb()
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.set("bench:body", b'{"ok":true}')


class Server(NamedTuple):
    process: subprocess.Popen[bytes]
    port: int


def serve(name: str, threads: int, *, edge: bool) -> Server:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = SERVERS[name].format(port=port, threads=threads).split()
    if name == "uwsgi":  # its module runs no program
        words = ["-c", "import pyuwsgi, sys; pyuwsgi.run(sys.argv[1:])", *words]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = {**os.environ, "EDGE": str(int(edge))}
    server = subprocess.Popen([sys.executable, *words], cwd=ROOT, env=environment, **quiet)
    deadline = time.monotonic() + 20
    while not answers(port):
        if server.poll() is not None or time.monotonic() > deadline:
            raise SystemExit("the server did not start")
        time.sleep(0.05)
    return Server(server, port)


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/bench/bare/", timeout=1) as response:
            return response.status == 200
    except OSError:
        return False


def processor_seconds(server: subprocess.Popen[bytes]) -> float:
    parent = psutil.Process(server.pid)
    times = [process.cpu_times() for process in (parent, *parent.children(recursive=True))]
    return sum(time.user + time.system for time in times)


def warm(server: Server, contestant: Contestant) -> None:
    """Fill the cache, and teach the edge."""
    load.run(server.port, contestant.paths(), requests=50, connections=1, expected=(200, contestant.x_cache))


def measure(server: Server, contestant: Contestant, arguments: argparse.Namespace) -> tuple[float, ...]:
    """Return requests/s; p50, p95, p99 and the server's CPU time in ms; the generator's share of a CPU."""
    clear()
    if contestant.x_cache != "MISS":
        warm(server, contestant)
    before = processor_seconds(server.process)
    result = load.run(
        server.port,
        contestant.paths(),
        requests=arguments.requests,
        connections=arguments.connections,
        expected=(200, contestant.x_cache),
    )
    spent = processor_seconds(server.process) - before
    if result.unexpected > arguments.requests * 0.01:
        raise SystemExit(f"{contestant.name}: {result.unexpected} responses were not as expected")
    return (
        len(result.latencies) / result.elapsed,
        *(1000 * result.percentile(share) for share in (0.50, 0.95, 0.99)),
        1000 * spent / len(result.latencies),
        result.busy / result.elapsed,
    )


def report(results: dict[str, list[tuple[float, ...]]]) -> None:
    base, bare = (statistics.median(row[0] for row in results[name]) for name in (BASE, BARE))
    print(f"{'':34}{'requests/s':>12}{'× source':>10}{'× bare':>8}", end="")
    print(f"{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'server CPU ms':>15}{'load gen.':>11}")
    for name, rows in results.items():
        rate, p50, p95, p99, spent, busy = (statistics.median(column) for column in zip(*rows, strict=True))
        print(f"{name:34}{rate:12,.0f}{rate / base:10.2f}{rate / bare:8.2f}", end="")
        print(f"{p50:9.2f}{p95:9.2f}{p99:9.2f}{spent:15.2f}{busy:11.0%}")


def report_half_rate(server: Server, hit: Contestant, greatest: float) -> None:
    """Print latencies at half the greatest rate, and with 1,000 connections that are kept alive."""
    for connections, rate in ((4, greatest / 2), (1000, None)):
        warm(server, hit)
        result = load.run(
            server.port, hit.paths(), requests=4000, connections=connections, expected=(200, "HIT"), rate=rate
        )
        p50, p99 = (1000 * result.percentile(share) for share in (0.50, 0.99))
        reached = len(result.latencies) / result.elapsed
        print(f"{EDGE_HIT}, {connections} connections, {reached:,.0f} requests/s: ", end="")
        print(f"p50 {p50:.2f} ms, p99 {p99:.2f} ms, {result.unexpected} not as expected")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=450, help="of each contestant in each round")
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--threads", type=int, default=4, help="of each server process")
    parser.add_argument("--server", choices=SERVERS, default="gunicorn")
    arguments = parser.parse_args()
    field = contestants(prepare())
    clear(all_state=True)
    servers = [serve(arguments.server, arguments.threads, edge=edge) for edge in (False, True)]
    results: dict[str, list[tuple[float, ...]]] = {contestant.name: [] for contestant in field}
    try:
        for number in range(arguments.rounds):
            for contestant in field[number % len(field) :] + field[: number % len(field)]:
                results[contestant.name].append(measure(servers[contestant.edge], contestant, arguments))
        report(results)
        hit = next(each for each in field if each.name == EDGE_HIT)
        report_half_rate(servers[True], hit, statistics.median(row[0] for row in results[EDGE_HIT]))
    finally:
        for server in servers:
            server.process.send_signal(signal.SIGINT)  # uwsgi takes SIGTERM for a reload
            server.process.wait(20)


if __name__ == "__main__":
    main()
