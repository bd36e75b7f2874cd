"""The load of a drill: readers of cached and uncached things, a writer, and the probes of an operator."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import re
import secrets
import threading
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from benchmarks.drills.drill import Drill

WARM_UP_SECONDS = 4.0  # for imports and connections of each process; not measured
BEFORE_SECONDS = AFTER_SECONDS = 5.0
READ_PAUSE_SECONDS, WRITE_PAUSE_SECONDS, PROBE_PAUSE_SECONDS = 0.02, 0.25, 0.5
TIMEOUT_SECONDS = 60
WRITTEN = "/api/v1/courses/1/"
# By family; each has a client of its own, so that none waits for another.
READS = {
    "cached": ["/api/v1/courses/2/", "/api/v1/courses/top/?limit=5&order=title", "/api/v1/categories/"],
    "written": [WRITTEN, "/api/v1/courses/?search=drill"],
    "uncached": ["/api/v1/tasks/", "/api/v1/topics/"],
}
LIVE, READY = "/health/live", "/health/ready"


class Answer(NamedTuple):
    """The end of a request.

    Attributes:
        failure: empty for 200; else the status, or what became of the connection.
        numbers: of the titles that it shows, as the writer counts them.
    """

    family: str
    began: float
    ended: float
    failure: str
    x_cache: str | None = None
    numbers: tuple[int, ...] = ()

    @property
    def ms(self) -> float:
        return 1000 * (self.ended - self.began)


class Client:
    """One connection, kept alive. Each request has another address, so that no rate refuses it."""

    _addresses = itertools.count()

    def __init__(self, port: int, token: str = "", *, keep_alive: bool = True, title: str = "") -> None:
        self._port, self._keep_alive, self._title = port, keep_alive, title
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Token {token}"
        self._connection: http.client.HTTPConnection | None = None

    def ask(self, family: str, path: str, method: str = "GET", **data: Any) -> Answer:
        """Send a request. A kept connection that has been closed is opened again, as browsers do."""
        began = time.monotonic()
        is_kept = self._connection is not None
        try:
            try:
                status, x_cache, body = self._exchange(path, method, data)
            except (http.client.RemoteDisconnected, ConnectionError):
                self.close()
                if not is_kept:
                    raise
                status, x_cache, body = self._exchange(path, method, data)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            return Answer(family, began, time.monotonic(), _name(error))
        if not self._keep_alive:
            self.close()
        failure = "" if status == 200 else str(status)
        numbers = _numbers(self._title, body) if family == "written" and not failure else ()
        return Answer(family, began, time.monotonic(), failure, x_cache, numbers)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _exchange(self, path: str, method: str, data: dict[str, Any]) -> tuple[int, str | None, bytes]:
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_SECONDS)
        number = next(self._addresses)
        forwarded = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        headers = {**self._headers, "X-Forwarded-For": forwarded}
        self._connection.request(method, path, json.dumps(data) if data else None, headers)
        response = self._connection.getresponse()
        body = response.read()
        return response.status, response.getheader("X-Cache"), body


def _name(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    return "timeout" if isinstance(error, TimeoutError) else "reset"


def _numbers(title: str, body: bytes) -> tuple[int, ...]:
    """Return the numbers of the titles; -1 for one that the writer has not written, or that is missing."""
    content = json.loads(body)
    titles = [course["title"] for course in content.get("results", [content])]
    matches = [re.fullmatch(rf"{title} (\d+)", found) for found in titles]
    return tuple(int(match[1]) for match in matches if match) or (-1,)


class Trial:
    """Requests before, during and after a fault.

    Attributes:
        writes: for each title its answer, by number.
        starts: of the phases; ``end`` is when the fault was over.
    """

    def __init__(self, port: int, token: str) -> None:
        self._port, self._token = port, token
        self._title = f"drill {secrets.token_hex(4)}"
        self._over = threading.Event()
        self.answers: list[Answer] = []
        self.probes: list[Answer] = []
        self.writes: list[Answer] = []
        self.starts: dict[str, float] = {}

    def run(self, drill: Drill, *, before: float = BEFORE_SECONDS, after: float = AFTER_SECONDS) -> None:
        threads = [threading.Thread(target=self._read, args=item) for item in READS.items()]
        threads += [threading.Thread(target=self._probe, args=[path]) for path in (LIVE, READY)]
        threads.append(threading.Thread(target=self._write))
        for thread in threads:
            thread.start()
        try:
            self._phases(drill, before, after)
        finally:
            self._over.set()
            for thread in threads:
                thread.join()

    def _phases(self, drill: Drill, before: float, after: float) -> None:
        self._over.wait(WARM_UP_SECONDS)
        self._start("before", before)
        self._start("during", 0)
        drill.begin()
        self.starts["end"] = time.monotonic()
        if drill.end is not None or drill.seconds:
            self._over.wait(drill.seconds)
        if drill.end is not None:
            drill.end()
            self.starts["end"] = time.monotonic()
        self._start("after", after)

    def _start(self, phase: str, seconds: float) -> None:
        self.starts[phase] = time.monotonic()
        self._over.wait(seconds)

    def span(self, phase: str, answers: Sequence[Answer] | None = None) -> list[Answer]:
        """Return the answers to the requests that began in a phase."""
        phases = ["before", "during", "after"]
        bounds = [*(self.starts[name] for name in phases), float("inf")]
        number = phases.index(phase)
        chosen = self.answers if answers is None else answers
        return [a for a in chosen if bounds[number] <= a.began < bounds[number + 1]]

    def measured(self) -> list[Answer]:
        return [answer for answer in self.answers if answer.began >= self.starts["before"]]

    def recovery(self, slow_seconds: float = 1.0) -> float:
        """Return the seconds from the end of the fault to the last request that failed or was slow."""
        end = self.starts["end"]
        late = [a.ended for a in [*self.answers, *self.probes] if a.failure or a.ms > 1000 * slow_seconds]
        return max(0.0, max(late, default=end) - end)

    def stale(self) -> int:
        """Return the number of reads that show a title which an acknowledged write had replaced.

        A write that failed may have happened, and later than the one after it.
        """
        doubtful = {number for number, answer in enumerate(self.writes) if answer.failure}
        acknowledged = [(a.ended, n) for n, a in enumerate(self.writes) if not a.failure]
        return sum(
            min(answer.numbers) < _newest(acknowledged, answer.began) and min(answer.numbers) not in doubtful
            for answer in self.answers
            if answer.numbers
        )

    # --- Clients ------------------------------------------------------------------------------

    def _read(self, family: str, paths: list[str]) -> None:
        client = self._reader(self._token if family == "uncached" else "")
        with contextlib.closing(client):
            for path in itertools.cycle(paths):
                self.answers.append(client.ask(family, path))
                if self._over.wait(READ_PAUSE_SECONDS):
                    return

    def _reader(self, token: str = "") -> Client:
        return Client(self._port, token, title=self._title)

    def _write(self) -> None:
        """Write, and read what was written: the answer tells whether it is stale."""
        writer, reader = Client(self._port, self._token, keep_alive=False), self._reader()
        with contextlib.closing(reader):
            for number in itertools.count():
                answer = writer.ask("write", WRITTEN, "PATCH", title=f"{self._title} {number}")
                self.writes.append(answer)
                self.answers += [answer, reader.ask("written", WRITTEN)]
                if self._over.wait(WRITE_PAUSE_SECONDS):
                    return

    def _probe(self, path: str) -> None:
        client = Client(self._port, keep_alive=False)
        while not self._over.wait(PROBE_PAUSE_SECONDS):
            self.probes.append(client.ask(path, path))


def _newest(acknowledged: list[tuple[float, int]], moment: float) -> int:
    """Return the number of the last title that was acknowledged before a moment, -1 if none was."""
    return max((number for ended, number in acknowledged if ended < moment), default=-1)


def percentile(answers: Sequence[Answer], share: float) -> float:
    """Return a percentile of the latencies in milliseconds; 0 if there is no answer."""
    latencies = sorted(answer.ms for answer in answers)
    return latencies[min(int(len(latencies) * share), len(latencies) - 1)] if latencies else 0.0
