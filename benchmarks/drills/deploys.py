"""A new release is started: no request may fail."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from pathlib import Path

from benchmarks.drills.drill import Drill, drill
from benchmarks.drills.servers import FAIL_TIMEOUT_SECONDS, Node, nginx
from tests.support.waiting import until


def _two_nodes(folder: Path, *, keepalive: bool) -> Iterator[Drill]:
    nodes: list[Node] = []

    def restart() -> None:
        for node in nodes:
            node.stop()
            node.start()
            threading.Event().wait(FAIL_TIMEOUT_SECONDS)  # until nginx tries it again, as operations.md says

    try:
        nodes += [Node(folder / f"web-{number}.log") for number in (1, 2)]
        with nginx(folder, [node.port for node in nodes], keepalive=keepalive) as port:
            yield Drill(begin=restart, port=port, seconds=0)
    finally:
        for node in nodes:
            node.stop()


@drill("rolling restart, nginx with keepalive")
def with_keepalive(folder: Path) -> Iterator[Drill]:
    yield from _two_nodes(folder, keepalive=True)


@drill("rolling restart, nginx without")
def without_keepalive(folder: Path) -> Iterator[Drill]:
    yield from _two_nodes(folder, keepalive=False)


@drill("HUP")
def hup(folder: Path) -> Iterator[Drill]:
    node = Node(folder / "web.log")

    def replace_workers() -> None:
        old = node.workers()
        node.process.send_signal(signal.SIGHUP)
        until(lambda: not old & node.workers())

    try:
        yield Drill(begin=replace_workers, port=node.port, seconds=0)
    finally:
        node.stop()
