"""A trial under faults."""

from __future__ import annotations

import contextlib
import random
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.history.faults import FAULTS
from benchmarks.history.trial import History, Plan, Process, Trial
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
        self._writers: list[tuple[str, Process]] = []
        self._spawned = 0
        self.proxies: list[Proxy] = []

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
        readers = [self._start("reader") for _ in range(self.plan.readers)]
        self._writers = [self._start("writer") for _ in range(self.plan.writers)]
        self._begin([process for _, process in (*readers, *self._writers)])
        while time.monotonic() < self._deadline - 1:
            time.sleep(self._rng.uniform(*QUIET_SECONDS))
            FAULTS[self._rng.choice(self._faults)](self, self._rng)
        for _, process in (*readers, *self._writers):
            self._wait(process)
        if "kill" in self._faults:
            time.sleep(FENCE_TTL_SECONDS)

    def _start(self, role: str) -> tuple[str, Process]:
        self._spawned += 1
        name = f"{role}-{self._spawned}"
        proxy = self.proxies[self._spawned % len(self.proxies)]
        return name, self._worker(role, name, proxy.url)

    def kill_a_writer(self, rng: random.Random) -> None:
        """SIGKILL one that has begun to write, and start another in its place."""
        index = rng.randrange(len(self._writers))
        name, process = self._writers[index]
        log = self.folder / f"{name}.log"
        while time.monotonic() < self._deadline and not (log.exists() and log.stat().st_size):
            time.sleep(0.01)
        time.sleep(rng.uniform(0, LIFE_SECONDS))
        process.send_signal(signal.SIGKILL)
        process.wait()
        self._writers[index] = self._start("writer")

    @contextlib.contextmanager
    def redis_is(self, mode: str, only: int | None = None) -> Iterator[None]:
        """All proxies in that mode for the length of the block, or one of them."""
        chosen = self.proxies if only is None else [self.proxies[only]]
        for proxy in chosen:
            proxy.mode = mode
        yield
        for proxy in chosen:
            proxy.mode = "pass"
