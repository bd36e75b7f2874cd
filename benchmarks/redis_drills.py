"""Measure requests during failures of Redis: ``python -m benchmarks.redis_drills [name …]``

Each drill serves the project as in production on a Redis of its own, in one topology. Clients request a few
endpoints without pause and a writer changes a course: before a failure, at its onset, and after it. The
table shows the latencies and the statuses of the responses.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.outage import Answer, Client, percentile
from benchmarks.servers import BENCHMARKS, served
from tests.caching.redis_process import RedisProcess
from tests.support.redis_cluster import Cluster
from tests.support.redis_sentinel import MASTER, Sentinel

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "a@b/c"
QUOTED = "a%40b%2Fc"
WARM_UP_SECONDS = 4.0  # for imports and connections of each process; not measured
USUAL_SECONDS, ONSET_SECONDS, AFTER_SECONDS, BACK_SECONDS = 4.0, 1.5, 4.0, 4.0
MAX_ONSET_MS, MAX_MORE_MS = 1_000, 50
# One request may wait for the Redis of the rate limits and for that of the cache.
MAX_REQUEST_MS, MAX_REQUEST_WITH_SENTINELS_MS = 1_500, 1_000
ENDPOINTS = [
    "/api/v1/courses/2/",
    "/api/v1/courses/?search=drill",
    "/api/v1/courses/top/?limit=5&order=title",
    "/api/v1/categories/",
]

HEADER = f"""\
{"":38} {"":6} {"not":>4} {"p95, ms":>26} {"slowest":>9}  HITs
{"":38} {"sent":>6} {"200":>4} {"usual":>8} {"onset":>8} {"after":>8} {"ms":>9}  usual / after / back"""


class Drill(NamedTuple):
    """A topology and its failure.

    Attributes:
        environment: the addresses, for the environment of the project.
        begin: causes the failure.
        end: ends the failure; None if it does not end.
        hits_after: whether there must be hits during the failure; None: either is accepted.
        max_request_ms: the maximum duration of a request.
    """

    environment: dict[str, str]
    begin: Callable[[], object] = lambda: None
    end: Callable[[], object] | None = None
    hits_after: bool | None = True
    max_request_ms: int = MAX_REQUEST_MS


DRILLS: dict[str, Callable[[Path], contextlib.AbstractContextManager[Drill]]] = {}


def drill(name: str) -> Callable[[Callable[[Path], Iterator[Drill]]], object]:
    """Register a drill under a name."""

    def register(function: Callable[[Path], Iterator[Drill]]) -> object:
        DRILLS[name] = contextlib.contextmanager(function)
        return function

    return register


# --- One server -----------------------------------------------------------------------------------


@drill("password")
def with_password(folder: Path) -> Iterator[Drill]:
    server = RedisProcess(folder, requirepass=PASSWORD)
    yield Drill({"REDIS_URL": f"redis://:{QUOTED}@127.0.0.1:{server.port}"})
    server.remove()


@drill("password beside the URL")
def with_password_beside(folder: Path) -> Iterator[Drill]:
    server = RedisProcess(folder, requirepass=PASSWORD)
    yield Drill({"REDIS_URL": f"redis://127.0.0.1:{server.port}", "REDIS_PASSWORD": PASSWORD})
    server.remove()


@drill("unix socket")
def by_unix_socket(folder: Path) -> Iterator[Drill]:
    path = folder / "socket"
    server = RedisProcess(folder, unixsocket=str(path), requirepass=PASSWORD)
    yield Drill({"REDIS_URL": f"unix://:{QUOTED}@{path}"})
    server.remove()


@drill("unix socket, killed")
def unix_socket_killed(folder: Path) -> Iterator[Drill]:
    path = folder / "socket"
    server = RedisProcess(folder, unixsocket=str(path))
    yield Drill({"REDIS_URL": f"unix://{path}"}, server.kill, server.start, hits_after=False)
    server.remove()


# --- A cluster ------------------------------------------------------------------------------------


@contextlib.contextmanager
def cluster(**options: str) -> Iterator[tuple[Cluster, dict[str, str]]]:
    """Yield a cluster and the environment with its addresses."""
    made = Cluster(**options)
    words = ",".join(f"{host}:{port}" for host, port in made.addresses)
    yield made, {"REDIS_CLUSTER": words}
    made.remove()


@drill("cluster, one node killed")
def cluster_loses_a_node(folder: Path) -> Iterator[Drill]:
    with cluster() as (made, environment):
        node = made.ports[0]
        # A refused connection costs no time, so the other nodes may continue to serve.
        yield Drill(environment, lambda: made.kill(node), lambda: made.restart(node), hits_after=None)


@drill("cluster, one node hangs")
def cluster_has_a_node_that_hangs(folder: Path) -> Iterator[Drill]:
    with cluster() as (made, environment):
        node = made.ports[0]
        yield Drill(environment, lambda: made.stop(node), lambda: made.cont(node), hits_after=False)


@drill("cluster, all nodes killed")
def cluster_killed(folder: Path) -> Iterator[Drill]:
    def each(method: Callable[[int], object]) -> Callable[[], object]:
        return lambda: [method(port) for port in made.ports]

    with cluster() as (made, environment):
        yield Drill(environment, each(made.kill), each(made.restart), hits_after=False)


@drill("cluster, all nodes hang")
def cluster_hangs(folder: Path) -> Iterator[Drill]:
    def each(method: Callable[[int], object]) -> Callable[[], object]:
        return lambda: [method(port) for port in made.ports]

    with cluster() as (made, environment):
        yield Drill(environment, each(made.stop), each(made.cont), hits_after=False)


@drill("cluster, password")
def cluster_with_password(folder: Path) -> Iterator[Drill]:
    with cluster(requirepass=PASSWORD, masterauth=PASSWORD) as (_, environment):
        broker = {"CELERY_BROKER_URL": os.environ["DRILL_BROKER_URL"]}
        yield Drill({**environment, **broker, "REDIS_URL": f"redis://:{QUOTED}@cluster"})


# --- Sentinels ------------------------------------------------------------------------------------


@contextlib.contextmanager
def sentinels(
    folder: Path, password: str = "", master_password: str = ""
) -> Iterator[tuple[RedisProcess, list[Sentinel], dict[str, str]]]:
    """Yield a master with three Sentinels and the environment with their addresses."""
    master = RedisProcess(folder, requirepass=master_password)
    made = [
        Sentinel("127.0.0.1", master.port, folder, password=password, master_password=master_password)
        for _ in range(3)
    ]
    words = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in made)
    yield master, made, {"REDIS_SENTINELS": words, "REDIS_SENTINEL_MASTER": MASTER}
    for sentinel in made:
        sentinel.kill()
    master.remove()


def cut(master: RedisProcess) -> None:
    """Close every connection to the master, so that each process must look it up again."""
    with master.client() as client:
        client.client_kill_filter(_type="normal", skipme=True)


@drill("Sentinels, first dead, second hangs")
def two_sentinels_away(folder: Path) -> Iterator[Drill]:
    with sentinels(folder) as (master, made, environment):

        def begin() -> None:
            made[0].kill()
            made[1].stop()
            cut(master)

        yield Drill(environment, begin, max_request_ms=MAX_REQUEST_WITH_SENTINELS_MS)


@drill("Sentinels, all dead")
def all_sentinels_dead(folder: Path) -> Iterator[Drill]:
    with sentinels(folder) as (master, made, environment):

        def begin() -> None:
            for sentinel in made:
                sentinel.kill()
            cut(master)

        yield Drill(environment, begin, hits_after=False)


@drill("Sentinels, all hang")
def all_sentinels_hang(folder: Path) -> Iterator[Drill]:
    with sentinels(folder) as (master, made, environment):

        def begin() -> None:
            for sentinel in made:
                sentinel.stop()
            cut(master)

        yield Drill(environment, begin, hits_after=False)


@drill("Sentinels, passwords")
def sentinels_with_passwords(folder: Path) -> Iterator[Drill]:
    with sentinels(folder, password="of-the-sentinel", master_password=PASSWORD) as (_, _, environment):
        broker = {"CELERY_BROKER_URL": os.environ["DRILL_BROKER_URL"]}
        credentials = {"REDIS_URL": f"redis://:{QUOTED}@master", "REDIS_SENTINEL_PASSWORD": "of-the-sentinel"}
        yield Drill({**environment, **broker, **credentials})


# --- Load -----------------------------------------------------------------------------------------


class Trial:
    """Readers, one for each endpoint, and a writer."""

    def __init__(self, port: int, token: str) -> None:
        self._port, self._token = port, token
        self._over = threading.Event()
        self.answers: list[Answer] = []
        self.starts: dict[str, float] = {}

    def run(self, drill: Drill) -> None:
        threads = [threading.Thread(target=self._read, args=[path]) for path in ENDPOINTS]
        threads.append(threading.Thread(target=self._write))
        for thread in threads:
            thread.start()
        pause = threading.Event()
        for name, seconds, action in (
            ("warm-up", WARM_UP_SECONDS, None),
            ("usual", USUAL_SECONDS, None),
            ("onset", ONSET_SECONDS, drill.begin),
            ("after", AFTER_SECONDS, None),
            ("back", BACK_SECONDS if drill.end else 0.0, drill.end),
        ):
            self.starts[name] = time.monotonic()
            if action:
                action()
            pause.wait(seconds)
        self._over.set()
        for thread in threads:
            thread.join()

    def span(self, name: str) -> list[Answer]:
        """Return the responses to the requests of a phase."""
        starts = [*self.starts.values(), float("inf")]
        number = list(self.starts).index(name)
        return [a for a in self.answers if starts[number] <= a.began < starts[number + 1]]

    def _read(self, path: str) -> None:
        client = Client(self._port)
        while not self._over.wait(0.01):
            self.answers.append(client.ask(path))

    def _write(self) -> None:
        client = Client(self._port, self._token)
        number = 0
        while not self._over.wait(0.25):
            number += 1
            self.answers.append(client.ask("/api/v1/courses/1/", "PATCH", title=f"drill {number}"))


def row(name: str, trial: Trial, drill: Drill) -> bool:
    """Print a line of the table, and return whether the drill met its targets."""
    bad = [answer for answer in trial.answers if answer.status != 200]
    slowest = max(percentile(trial.span(phase), 1) for phase in ("usual", "onset", "after"))
    p95 = {phase: percentile(trial.span(phase), 0.95) for phase in ("usual", "onset", "after")}
    hits = [sum(a.x_cache == "HIT" for a in trial.span(phase)) for phase in ("usual", "after", "back")]
    fine = {
        "status": not bad,
        "onset": p95["onset"] <= MAX_ONSET_MS,
        "after": p95["after"] - p95["usual"] <= MAX_MORE_MS,
        "slowest": slowest <= drill.max_request_ms,
        "hits": hits[0] > 0 and drill.hits_after in {None, bool(hits[1])} and (not drill.end or hits[2] > 0),
    }
    missed = ", ".join(name for name, kept in fine.items() if not kept)
    figures = f"{p95['usual']:8.1f} {p95['onset']:8.1f} {p95['after']:8.1f} {slowest:9.1f}"
    served = " / ".join(map(str, hits if drill.end else hits[:2]))
    print(
        f"{name:38} {len(trial.answers):6,} {len(bad):4} {figures}  {served:18} {missed or 'kept'}",
        flush=True,
    )
    return not missed


def prepare() -> str:
    """Start PostgreSQL and a Redis for rate limits and broker, load the demo data, and return a token."""
    from benchmarks.servers import start_servers

    start_servers("drills")
    os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings", "DEBUG": "1", "NUM_PROXIES": "1"}
    os.environ["THROTTLE_USER"] = "off"  # one user sends the requests of all signed-in clients
    import django

    django.setup()
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from accounts.actions import issue_access_token

    call_command("migrate", verbosity=0)
    call_command("demo", stdout=sys.stderr)
    os.environ["DRILL_BROKER_URL"] = settings.CELERY_BROKER_URL
    return str(issue_access_token(user=User.objects.get(username="admin")))


def main(names: list[str]) -> None:
    unknown = set(names) - set(DRILLS)
    if unknown:
        raise SystemExit(f"There is no drill {', '.join(unknown)}: {'; '.join(DRILLS)}")
    token = prepare()
    print(f"{'':38} {'':6} {'not':>4} {'p95, ms':>26} {'slowest':>9}  {'HITs':18}")
    print(
        f"{'':38} {'sent':>6} {'200':>4} {'usual':>8} {'onset':>8} {'after':>8} {'ms':>9}  usual/after/back"
    )
    kept = [_run(name, token) for name in names or DRILLS]
    if not all(kept):
        raise SystemExit("MISSED")


def _run(name: str, token: str) -> bool:
    with tempfile.TemporaryDirectory(prefix="drill-") as folder, DRILLS[name](Path(folder)) as drill:
        with served(BENCHMARKS / "drills" / "server.log", **drill.environment) as port:
            trial = Trial(port, token)
            trial.run(drill)
        return row(name, trial, drill)


if __name__ == "__main__":
    main(sys.argv[1:])
