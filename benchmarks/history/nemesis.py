"""A trial under faults."""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg2

from benchmarks.history.faults import FAULTS
from benchmarks.history.trial import History, Plan, Trial
from tests.caching.proxy import Proxy
from tests.caching.redis_process import RedisProcess

QUIET_SECONDS = (0.5, 3.0)  # between two faults
LIFE_SECONDS = 1.0  # a writer is killed so long after its first write, or sooner
FENCE_TTL_SECONDS = 10  # a killed writer's fences stand so long


class Nemesis(Trial):
    """Half of the processes reach Redis through one proxy, half through another."""

    def __init__(self, contestant: str, plan: Plan, folder: Path, faults: Sequence[str]) -> None:
        super().__init__(contestant, plan, folder)
        self._faults = faults
        self._rng = random.Random(",".join(faults))
        self._writers: list[subprocess.Popen[bytes]] = []
        self._spawned = 0
        self._deadline = 0.0
        self.proxies: list[Proxy] = []
        self.struck: list[tuple[str, int, int]] = []

    def run(self) -> History:
        home = self.folder.with_name(f"{self.folder.name}-redis")
        home.mkdir(parents=True, exist_ok=True)
        self.redis = RedisProcess(home, maxmemory_policy="volatile-lru")
        self.redis_url = self.redis.url
        self.proxies = [Proxy(self.redis.port), Proxy(self.redis.port)]
        try:
            return super().run()
        finally:
            for proxy in self.proxies:
                proxy.close()
            self.redis.remove()

    def _work(self) -> None:
        self._deadline = self.deadline()
        readers = [self._start("reader") for _ in range(self.plan.readers)]
        self._writers = [self._start("writer") for _ in range(self.plan.writers)]
        while time.monotonic() < self._deadline - 1:
            time.sleep(self._rng.uniform(*QUIET_SECONDS))
            self._strike(self._rng.choice(self._faults))
        for worker in (*readers, *self._writers):
            self._wait(worker)
        self._wait_for_fences()

    def _strike(self, name: str) -> None:
        began = time.monotonic_ns()
        FAULTS[name](self, self._rng)
        self.struck.append((name, began, time.monotonic_ns()))

    def _start(self, role: str) -> subprocess.Popen[bytes]:
        self._spawned += 1
        proxy = self.proxies[self._spawned % len(self.proxies)]
        return self._worker(role, f"{role}-{self._spawned}", self._deadline, proxy.url)

    def _wait_for_fences(self) -> None:
        """At rest is when even the fences of killed writers have expired."""
        if any(name == "kill" for name, _, _ in self.struck):
            time.sleep(FENCE_TTL_SECONDS)

    def kill_a_writer(self, rng: random.Random) -> None:
        index = rng.randrange(len(self._writers))
        self._wait_until_it_writes(index)
        time.sleep(rng.uniform(0, LIFE_SECONDS))
        self._writers[index].send_signal(signal.SIGKILL)
        self._writers[index].wait()
        self._writers[index] = self._start("writer")

    def _wait_until_it_writes(self, index: int) -> None:
        path = Path(self._writers[index].args[-3])
        while time.monotonic() < self._deadline and not (path.exists() and path.stat().st_size):
            time.sleep(0.01)

    @contextlib.contextmanager
    def redis_is(self, mode: str, only: int | None = None) -> Iterator[None]:
        """All proxies in that mode for the length of the block, or one of them."""
        chosen = self.proxies if only is None else [self.proxies[only]]
        for proxy in chosen:
            proxy.mode = mode
        yield
        for proxy in chosen:
            proxy.mode = "pass"


def left_in_outbox(url: str) -> int:
    """Invalidations that nobody has carried out."""
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM caching_outbox")
        (count,) = cursor.fetchone()
    connection.close()
    return int(count)
