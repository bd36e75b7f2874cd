"""uvicorn with many requests at once: all are answered, on a bounded number of database connections."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg2

from benchmarks.drills import world
from benchmarks.drills.drill import Drill, drill
from benchmarks.drills.load import Answer, Client
from benchmarks.drills.servers import Process, answers
from tests.caching.redis_process import free_port
from tests.support.waiting import until

REQUESTS, AT_ONCE = 10_000, 40
MAX_REQUESTS = 16  # ASGI_MAX_REQUESTS; each has a connection, and one that ends is still counted for a moment
MAX_CROWDED_LIVE_MS = 1_000  # one process: its loop and all its threads share one interpreter
PAUSE_SECONDS = 0.05
PATH = "/api/v1/courses/2/reviews/"  # not cached
CONNECTIONS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


class Crowd:
    """Requests at once, and the most connections that PostgreSQL had during them."""

    def __init__(self, port: int) -> None:
        self._clients = [Client(port) for _ in range(AT_ONCE)]
        self._over = threading.Event()
        self.statuses: Counter[str] = Counter()
        self.connections = 0

    def run(self) -> None:
        watcher = threading.Thread(target=self._watch)
        watcher.start()
        try:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                for found in pool.map(self._ask, self._clients):
                    self.statuses.update(answer.failure or "200" for answer in found)
        finally:
            self._over.set()
            watcher.join()

    def settle(self) -> str:
        assert self.statuses == {"200": REQUESTS}, self.statuses
        assert self.connections <= 2 * MAX_REQUESTS, f"{self.connections} connections"
        return f"{REQUESTS:,} × 200 at {AT_ONCE} at a time, at most {self.connections} connections"

    def _ask(self, client: Client) -> list[Answer]:
        with contextlib.closing(client):
            return [client.ask("crowd", PATH) for _ in range(REQUESTS // AT_ONCE)]

    def _watch(self) -> None:
        with contextlib.closing(psycopg2.connect(world.database().address)) as connection:
            connection.autocommit = True
            while not self._over.wait(PAUSE_SECONDS):
                with connection.cursor() as cursor:
                    cursor.execute(CONNECTIONS)
                    self.connections = max(self.connections, cursor.fetchone()[0])


@drill("uvicorn, 40 at a time")
def uvicorn(folder: Path) -> Iterator[Drill]:
    port = free_port()
    words = f"-m uvicorn --port {port} --log-level warning config.asgi:application"
    server = Process(folder / "web.log", words, {"ASGI_MAX_REQUESTS": str(MAX_REQUESTS)})
    try:
        until(lambda: answers(port))
        crowd = Crowd(port)
        yield Drill(
            port=port, begin=crowd.run, seconds=0, settle=crowd.settle, max_live_ms=MAX_CROWDED_LIVE_MS
        )
    finally:
        server.stop()
