"""One Redis, for the cache, the rates and the broker, is restarted, killed, or hangs: no request notices."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.drills.drill import Drill, drill
from benchmarks.drills.redis_drill import PASSWORD, QUOTED, redis_drill
from tests.caching.redis_process import RedisProcess


@drill("Redis restart")
def restarted(folder: Path) -> Iterator[Drill]:
    server = RedisProcess(folder / "redis", appendonly="yes")
    yield redis_drill({"REDIS_URL": server.url}, server.restart, hits=None)
    server.remove()


@drill("Redis killed")
def killed(folder: Path) -> Iterator[Drill]:
    server = RedisProcess(folder / "redis", appendonly="yes")
    yield redis_drill({"REDIS_URL": server.url}, server.kill, server.start, hits=False)
    server.remove()


@drill("Redis hangs")
def hanging(folder: Path) -> Iterator[Drill]:
    server = RedisProcess(folder / "redis")
    yield redis_drill({"REDIS_URL": server.url}, server.stop, server.cont, hits=False)
    server.remove()


@drill("Redis, password")
def with_password(folder: Path) -> Iterator[Drill]:
    server = RedisProcess(folder / "redis", requirepass=PASSWORD)
    yield redis_drill({"REDIS_URL": f"redis://:{QUOTED}@127.0.0.1:{server.port}"})
    server.remove()


@drill("Redis, password beside the URL")
def with_password_beside(folder: Path) -> Iterator[Drill]:
    server = RedisProcess(folder / "redis", requirepass=PASSWORD)
    yield redis_drill({"REDIS_URL": f"redis://127.0.0.1:{server.port}", "REDIS_PASSWORD": PASSWORD})
    server.remove()


@drill("Redis, unix socket")
def by_unix_socket(folder: Path) -> Iterator[Drill]:
    path = folder / "socket"
    server = RedisProcess(folder / "redis", unixsocket=str(path), requirepass=PASSWORD)
    yield redis_drill({"REDIS_URL": f"unix://:{QUOTED}@{path}"})
    server.remove()


@drill("Redis, unix socket, killed")
def unix_socket_killed(folder: Path) -> Iterator[Drill]:
    path = folder / "socket"
    server = RedisProcess(folder / "redis", unixsocket=str(path))
    yield redis_drill({"REDIS_URL": f"unix://{path}"}, server.kill, server.start, hits=False)
    server.remove()
