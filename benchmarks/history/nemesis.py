"""A trial under faults."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2

from benchmarks.history.faults import FAULTS
from benchmarks.history.trial import History, Plan, Process, Trial
from tests.caching.proxy import Proxy
from tests.caching.redis_process import RedisProcess
from tests.support.redis_cluster import Cluster

QUIET_SECONDS = (0.5, 3.0)  # between two faults
MAX_LIFETIME_SECONDS = 1.0  # the longest time from a writer's first write until it is killed
FENCE_OVERDUE_SECONDS = 10  # when the fences of a killed writer are overdue
# The workers' role: limits apply to it, which do not apply to a superuser.
ROLE = "bench_app"
MAKE_ROLE = f"""
DO $$ BEGIN
    CREATE ROLE {ROLE} LOGIN;
EXCEPTION WHEN duplicate_object THEN NULL;
END $$;
ALTER ROLE {ROLE} CONNECTION LIMIT -1;
ALTER ROLE {ROLE} SET synchronous_commit TO on;
GRANT SET ON PARAMETER deadlock_timeout TO {ROLE};
GRANT ALL ON SCHEMA public TO {ROLE};
GRANT ALL ON ALL TABLES IN SCHEMA public TO {ROLE};
GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {ROLE};
"""


class Nemesis(Trial):
    """A trial under faults.

    Half of the processes reach Redis through one proxy, half through another. The writers also reach
    PostgreSQL through a proxy.
    """

    def __init__(self, contestant: str, plan: Plan, folder: Path, faults: Sequence[str]) -> None:
        super().__init__(contestant, plan, folder)
        self._faults = faults
        self._rng = random.Random(",".join(faults))
        self._writers: list[tuple[str, Process]] = []
        self._spawned = 0
        self.proxies: list[Proxy] = []
        self._address = os.environ["DATABASE_URL"]

    def run(self) -> History:
        home = self.folder.with_name(f"{self.folder.name}-redis")
        home.mkdir(parents=True, exist_ok=True)
        self.redis = RedisProcess(home, maxmemory_policy="volatile-lru")
        self.redis_url = self.redis.url
        self.proxies = [Proxy(self.redis.port), Proxy(self.redis.port)]
        self.postgres = Proxy(_socket_of(self._address))
        try:
            return super().run()
        finally:
            for proxy in (*self.proxies, self.postgres):
                proxy.close()
            self.redis.remove()

    def _prepare(self) -> None:
        super()._prepare()
        self.sql(MAKE_ROLE)

    def sql(self, text: str) -> list[Any]:
        """Run statements as a superuser, in autocommit. Return the rows of the last one."""
        with self.session() as cursor:
            cursor.execute(text)
            return cursor.fetchall() if cursor.description else []

    @contextlib.contextmanager
    def session(self) -> Iterator[Any]:
        """Yield a cursor of a superuser's own connection, in autocommit."""
        connection = psycopg2.connect(self._address)
        connection.autocommit = True
        try:
            yield connection.cursor()
        finally:
            connection.close()

    def _work(self) -> None:
        readers = [self._start("reader") for _ in range(self.plan.readers)]
        self._writers = [self._start("writer") for _ in range(self.plan.writers)]
        self._begin([process for _, process in (*readers, *self._writers)])
        while time.monotonic() < self._deadline - 1:
            time.sleep(self._rng.uniform(*QUIET_SECONDS))
            FAULTS[self._rng.choice(self._faults)](self, self._rng)
        for _, process in (*readers, *self._writers):
            self._wait(process)
        if {"kill", "commit_unknown"} & set(self._faults):
            time.sleep(FENCE_OVERDUE_SECONDS)

    def _start(self, role: str) -> tuple[str, Process]:
        self._spawned += 1
        name = f"{role}-{self._spawned}"
        return name, self._worker(
            role, name, DATABASE_URL=self._database_of(role), **self._redis_of(self._spawned)
        )

    def _redis_of(self, number: int) -> dict[str, str]:
        return {"REDIS_URL": self.proxies[number % len(self.proxies)].url}

    def _database_of(self, role: str) -> str:
        if role == "writer":
            name = urlsplit(self._address).path
            return f"postgres://{ROLE}@127.0.0.1:{self.postgres.port}{name}"
        return self._address.replace("//postgres@", f"//{ROLE}@", 1)

    def kill_a_writer(self, rng: random.Random) -> None:
        """Kill with SIGKILL a writer that has begun to write, and start another one."""
        index = rng.randrange(len(self._writers))
        name, process = self._writers[index]
        log = self.folder / f"{name}.log"
        while time.monotonic() < self._deadline and not (log.exists() and log.stat().st_size):
            time.sleep(0.01)
        time.sleep(rng.uniform(0, MAX_LIFETIME_SECONDS))
        process.send_signal(signal.SIGKILL)
        process.wait()
        self._writers[index] = self._start("writer")

    @contextlib.contextmanager
    def redis_is(self, mode: str, only: int | None = None) -> Iterator[None]:
        """Set all proxies, or only one, to the mode during the block."""
        chosen = self.proxies if only is None else [self.proxies[only]]
        for proxy in chosen:
            proxy.mode = mode
        yield
        for proxy in chosen:
            proxy.mode = "pass"


class ClusterNemesis(Nemesis):
    """A trial on a Redis Cluster of which all nodes stop at once and continue later."""

    def run(self) -> History:
        self.cluster = Cluster(maxmemory_policy="volatile-lru")
        self.redis_url = f"redis://127.0.0.1:{self.cluster.ports[0]}/0"
        self.postgres = Proxy(_socket_of(self._address))
        os.environ["REDIS_CLUSTER"] = ",".join(f"{host}:{port}" for host, port in self.cluster.addresses)
        try:
            return Trial.run(self)
        finally:
            del os.environ["REDIS_CLUSTER"]
            self.postgres.close()
            self.cluster.remove()

    def _redis_of(self, number: int) -> dict[str, str]:
        return {"REDIS_URL": self.redis_url}

    @contextlib.contextmanager
    def redis_is(self, mode: str, only: int | None = None) -> Iterator[None]:
        """Stop all nodes during the block: they accept connections and do not answer."""
        for port in self.cluster.ports:
            self.cluster.stop(port)
        yield
        for port in self.cluster.ports:
            self.cluster.cont(port)


def _socket_of(address: str) -> str:
    """Return the path of PostgreSQL's socket, for a server that has no port."""
    connection = psycopg2.connect(address)
    try:
        return f"{connection.info.host}/.s.PGSQL.{connection.info.port}"
    finally:
        connection.close()
