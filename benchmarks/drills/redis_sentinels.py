"""Sentinels are away, or make another server the master."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from benchmarks.drills.drill import Drill, drill
from benchmarks.drills.redis_drill import PASSWORD, QUOTED, broker, redis_drill
from tests.caching.redis_process import RedisProcess
from tests.support.redis_sentinel import MASTER, Sentinel
from tests.support.waiting import until

# One request may wait for the Redis of the rate limits and for that of the cache.
MAX_REQUEST_WITH_SENTINELS_MS = 1_000
DOWN_AFTER_MS = 1_000


@contextlib.contextmanager
def sentinels(
    folder: Path, password: str = "", master_password: str = ""
) -> Iterator[tuple[RedisProcess, list[Sentinel], dict[str, str]]]:
    """Yield a master with three Sentinels and the environment with their addresses."""
    master = RedisProcess(folder / "master", requirepass=master_password)
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

        yield redis_drill(environment, begin, max_request_ms=MAX_REQUEST_WITH_SENTINELS_MS)


@drill("Sentinels, all dead")
def all_sentinels_dead(folder: Path) -> Iterator[Drill]:
    with sentinels(folder) as (master, made, environment):

        def begin() -> None:
            for sentinel in made:
                sentinel.kill()
            cut(master)

        yield redis_drill(environment, begin, hits=False)


@drill("Sentinels, all hang")
def all_sentinels_hang(folder: Path) -> Iterator[Drill]:
    with sentinels(folder) as (master, made, environment):

        def begin() -> None:
            for sentinel in made:
                sentinel.stop()
            cut(master)

        yield redis_drill(environment, begin, hits=False)


@drill("Sentinels, passwords")
def sentinels_with_passwords(folder: Path) -> Iterator[Drill]:
    with sentinels(folder, password="of-the-sentinel", master_password=PASSWORD) as (_, _, environment):
        separate = {"CELERY_BROKER_URL": broker()}
        credentials = {"REDIS_URL": f"redis://:{QUOTED}@master", "REDIS_SENTINEL_PASSWORD": "of-the-sentinel"}
        yield redis_drill({**environment, **separate, **credentials})


@drill("Sentinels, failover, one hangs")
def failover_with_a_sentinel_that_hangs(folder: Path) -> Iterator[Drill]:
    """The two others elect a leader, which makes the replica the master. The old master stays away."""
    with sentinels(folder) as (master, made, environment):
        replica = RedisProcess(folder / "replica")

        def begin() -> None:
            made[0].stop()
            master.kill()
            until(lambda: _is_master(replica))

        try:
            _follow(replica, master, made)
            yield redis_drill(environment, begin, hits=None)
        finally:
            replica.remove()


def _follow(replica: RedisProcess, master: RedisProcess, made: list[Sentinel]) -> None:
    """Make a server the replica of the master, and wait until every Sentinel knows it and the others."""
    with replica.client() as client:
        client.replicaof("127.0.0.1", str(master.port))
        until(lambda: client.info("replication")["master_link_status"] == "up")
    for sentinel in made:
        with sentinel.client() as client:
            client.sentinel_set(MASTER, "down-after-milliseconds", str(DOWN_AFTER_MS))
            until(lambda client=client: client.sentinel_slaves(MASTER))
            until(lambda client=client: len(client.sentinel_sentinels(MASTER)) == len(made) - 1)


def _is_master(server: RedisProcess) -> bool:
    with server.client() as client:
        return bool(client.info("replication")["role"] == "master")
