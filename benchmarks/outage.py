"""Measure requests while Redis hangs: ``python -m benchmarks.outage``

A proxy in front of Redis accepts connections and never answers, like a machine without memory or behind a
broken link. The project is served as in production, and clients request a few endpoints without pause.
Courses are written before, during and after the outage. A read is counted as stale if it shows what an
acknowledged write has replaced.
"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
PASSWORD = "syllabus-demo"
ONSET_SECONDS = 1.5
# Each phase with its length and the state of Redis.
PHASES = {"usual": (5.0, "pass"), "hung": (8.0, "hang"), "back": (8.0, "pass")}
MAX_MS_MORE = 50
ENDPOINTS = {
    "course, HIT": "/api/v1/courses/2/",
    "course, written": "/api/v1/courses/1/",
    "list": "/api/v1/courses/?search=outage",
    "top": "/api/v1/courses/top/?limit=5&order=title",
    "categories": "/api/v1/categories/",
    "subscriptions, staff": "/api/v1/subscriptions/",
    "tasks, signed in": "/api/v1/tasks/",
    "topics, signed in": "/api/v1/topics/",
}


class Answer(NamedTuple):
    began: float
    ended: float
    status: int
    body: Any
    x_cache: str | None = None


class Client:
    """One keep-alive connection. Each request has another client address, so that no throttle refuses it."""

    _numbers = itertools.count()

    def __init__(self, port: int, token: str = "") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Token {token}"

    def ask(self, path: str, method: str = "GET", **data: Any) -> Answer:
        number = next(self._numbers)
        forwarded = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        began = time.monotonic()
        body = json.dumps(data) if data else None
        self._connection.request(method, path, body, {**self._headers, "X-Forwarded-For": forwarded})
        response = self._connection.getresponse()
        content = response.read()
        body = json.loads(content) if response.status == 200 else {}
        return Answer(began, time.monotonic(), response.status, body, response.getheader("X-Cache"))


class Trial:
    """Readers, one for each endpoint, and a writer, before, during and after an outage of Redis."""

    def __init__(self, port: int, token: str) -> None:
        self._port, self._token = port, token
        self._over = threading.Event()
        self.reads: dict[str, list[Answer]] = {name: [] for name in ENDPOINTS}
        self.writes: list[tuple[Answer, str]] = []
        self.starts: dict[str, float] = {}

    def run(self, proxy: Any) -> None:
        threads = [threading.Thread(target=self._read, args=item) for item in ENDPOINTS.items()]
        threads.append(threading.Thread(target=self._write))
        for thread in threads:
            thread.start()
        for phase, (seconds, mode) in PHASES.items():
            self.starts[phase] = time.monotonic()
            proxy.mode = mode
            time.sleep(seconds)
        self._over.set()
        for thread in threads:
            thread.join()

    def _read(self, name: str, path: str) -> None:
        client = Client(self._port, self._token if "," in name and name.endswith(("staff", "in")) else "")
        while not self._over.wait(0.01):
            self.reads[name].append(client.ask(path))

    def _write(self) -> None:
        client = Client(self._port, self._token)
        for number in itertools.count():
            title = f"outage {number}"
            answer = client.ask("/api/v1/courses/1/", "PATCH", title=title)
            self.writes.append((answer, title))
            if self._over.wait(0.5):
                return

    def stale(self) -> int:
        """Return the number of reads that show a title which an acknowledged write had replaced."""
        titles = [
            (read, title)
            for name in ("course, written", "list")
            for read in self.reads[name]
            if read.status == 200
            for title in _titles(read.body) or ["of no write"]
        ]
        number = {title: n for n, (_, title) in enumerate(self.writes)}
        acknowledged = [write.ended for write, _ in self.writes]
        return sum(
            number.get(title, -1) < sum(ended < read.began for ended in acknowledged) - 1
            for read, title in titles
        )


def _titles(body: Any) -> list[str]:
    return [course["title"] for course in body.get("results", [body])]


def percentile(answers: list[Answer], share: float) -> float:
    """Return a percentile of the latencies, in milliseconds."""
    latencies = sorted(answer.ended - answer.began for answer in answers)
    return 1000 * latencies[min(int(len(latencies) * share), len(latencies) - 1)]


def report(trial: Trial) -> bool:
    """Print the table, and return whether every endpoint met the targets."""
    hung, back = trial.starts["hung"], trial.starts["back"]
    spans = {
        "usual": (0, hung),
        "onset": (hung, hung + ONSET_SECONDS),
        "hung": (hung + ONSET_SECONDS, back),
        "back": (back, float("inf")),
    }
    print(f"{'p50 / p95 / slowest, ms':24}" + "".join(f"{span:>28}" for span in spans))
    fine = True
    lines = {**trial.reads, "PATCH a course": [answer for answer, _ in trial.writes]}
    for name, answers in lines.items():
        found = {
            span: [answer for answer in answers if since <= answer.began < until]
            for span, (since, until) in spans.items()
        }
        p95 = {span: percentile(chosen, 0.95) for span, chosen in found.items()}
        fine &= p95["onset"] <= 1000 * ONSET_SECONDS and p95["hung"] - p95["usual"] <= MAX_MS_MORE
        fine &= all(answer.status == 200 for answer in answers)
        print(f"{name:24}" + "".join(f"{_three(chosen):>28}" for chosen in found.values()))
    began_of_hits = [a.began for answers in trial.reads.values() for a in answers if a.x_cache == "HIT"]
    hits = {
        span: sum(since <= began < until for began in began_of_hits) for span, (since, until) in spans.items()
    }
    fine &= hits["usual"] > 0 and hits["back"] > 0 and not hits["hung"]
    stale = trial.stale()
    reads = sum(map(len, trial.reads.values()))
    bad = sum(answer.status != 200 for answers in lines.values() for answer in answers)
    print(f"{reads:,} reads, {len(trial.writes)} writes; not 200: {bad}; stale: {stale}; hits: {hits}")
    return fine and not stale


def _three(answers: list[Answer]) -> str:
    slowest = max(answer.ended - answer.began for answer in answers)
    return f"{percentile(answers, 0.5):.1f} / {percentile(answers, 0.95):.1f} / {1000 * slowest:.1f}"


def prepare() -> tuple[Any, str]:
    """Start the servers and the proxy, and load the demo data. Return the proxy and a token of the admin."""
    from benchmarks.servers import start_servers

    start_servers("outage")
    os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings", "DEBUG": "1", "NUM_PROXIES": "1"}
    os.environ["THROTTLE_USER"] = "off"  # one user sends the requests of all signed-in clients
    import django

    django.setup()
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from accounts.actions import issue_access_token
    from tests.caching.proxy import Proxy

    call_command("migrate", verbosity=0)
    call_command("demo", stdout=sys.stderr)
    proxy = Proxy(urlsplit(settings.REDIS_URL).port or 6379)
    os.environ["REDIS_URL"] = proxy.url
    os.environ["CELERY_BROKER_URL"] = f"{proxy.url.rpartition('/')[0]}/0"
    return proxy, str(issue_access_token(user=User.objects.get(username="admin")))


def serve(port: int) -> subprocess.Popen[bytes]:
    """Serve as the Dockerfile does, but with a thread for each client, so that requests do not queue."""
    from benchmarks.servers import BENCHMARKS

    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "2"]
    command += ["--threads", "8", "--keep-alive", "75", "--no-control-socket", "--log-level", "warning"]
    log = (BENCHMARKS / "outage" / "server.log").open("wb")
    return subprocess.Popen([*command, "config.wsgi:application"], cwd=ROOT, stderr=log)


def main() -> None:
    proxy, token = prepare()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = serve(port)
    try:
        _wait_for(port)
        trial = Trial(port, token)
        trial.run(proxy)
    finally:
        server.terminate()
        server.wait(20)
        proxy.close()
    if not report(trial):
        raise SystemExit("MISSED")


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            return Client(port).ask("/health/live") and None
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


if __name__ == "__main__":
    main()
