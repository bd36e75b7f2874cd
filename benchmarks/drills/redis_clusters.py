"""A cluster loses one node or all."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.drills.drill import Drill, drill
from benchmarks.drills.redis_drill import PASSWORD, QUOTED, broker, redis_drill
from tests.support.redis_cluster import Cluster


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
        yield redis_drill(environment, lambda: made.kill(node), lambda: made.restart(node), hits=None)


@drill("cluster, one node hangs")
def cluster_has_a_node_that_hangs(folder: Path) -> Iterator[Drill]:
    with cluster() as (made, environment):
        node = made.ports[0]
        yield redis_drill(environment, lambda: made.stop(node), lambda: made.cont(node), hits=False)


@drill("cluster, all nodes killed")
def cluster_killed(folder: Path) -> Iterator[Drill]:
    def each(method: Callable[[int], object]) -> Callable[[], object]:
        return lambda: [method(port) for port in made.ports]

    with cluster() as (made, environment):
        yield redis_drill(environment, each(made.kill), each(made.restart), hits=False)


@drill("cluster, all nodes hang")
def cluster_hangs(folder: Path) -> Iterator[Drill]:
    def each(method: Callable[[int], object]) -> Callable[[], object]:
        return lambda: [method(port) for port in made.ports]

    with cluster() as (made, environment):
        yield redis_drill(environment, each(made.stop), each(made.cont), hits=False)


@drill("cluster, password")
def cluster_with_password(folder: Path) -> Iterator[Drill]:
    with cluster(requirepass=PASSWORD, masterauth=PASSWORD) as (_, environment):
        separate = {"CELERY_BROKER_URL": broker()}
        yield redis_drill({**environment, **separate, "REDIS_URL": f"redis://:{QUOTED}@cluster"})
