"""A load generator with little overhead: raw keep-alive sockets, with one request in flight on each."""

from __future__ import annotations

import itertools
import re
import selectors
import socket
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

CONTENT_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
X_CACHE = re.compile(rb"x-cache: *(\w+)", re.IGNORECASE)
REQUESTS_PER_CLIENT = 8
_clients = itertools.count()


class Load(NamedTuple):
    """The result: seconds of each request and of all, and the CPU time of the generator itself."""

    latencies: list[float]
    elapsed: float
    busy: float
    unexpected: int

    def percentile(self, share: float) -> float:
        return sorted(self.latencies)[min(int(len(self.latencies) * share), len(self.latencies) - 1)]


def run(
    port: int,
    paths: Iterator[str],
    *,
    requests: int,
    connections: int,
    expected: tuple[int, str | None],
    rate: float | None = None,
) -> Load:
    """Send ``requests`` requests over ``connections`` connections and return the result.

    ``expected`` is the status and the X-Cache that each response should have. Without ``rate`` each
    connection sends without pause. With it, that many requests are sent in a second, and a latency counts
    from the moment at which the request was due.
    """
    links = [socket.create_connection(("127.0.0.1", port)) for _ in range(connections)]
    try:
        return _Run(links, paths, requests, _checker(*expected), rate).run()
    finally:
        for link in links:
            link.close()


class _Run:
    def __init__(
        self,
        links: list[socket.socket],
        paths: Iterator[str],
        requests: int,
        check: Callable[[bytes], bool],
        rate: float | None = None,
    ) -> None:
        self.interval = 1 / rate if rate else 0.0
        self.due = time.perf_counter()
        self.free: list[socket.socket] = []
        self.links = links
        self.paths = paths
        self.to_send = requests
        self.check = check
        self.latencies: list[float] = []
        self.unexpected = 0
        self.sent_at: dict[socket.socket, float] = {}
        self.received: dict[socket.socket, bytes] = {}

    def run(self) -> Load:
        selector = selectors.DefaultSelector()
        cpu, began = time.process_time(), time.perf_counter()
        for link in self.links:
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(link, selectors.EVENT_READ)
            if self.interval:
                self.free.append(link)
            else:
                self.send(link)
        while self.sent_at or (self.free and self.to_send):
            pause = max(0.0, self.due - time.perf_counter()) if self.free and self.to_send else None
            for key, _ in selector.select(pause):
                self.receive(key.fileobj)
            while self.free and self.to_send and time.perf_counter() >= self.due:
                self.send(self.free.pop())
        elapsed = time.perf_counter() - began
        selector.close()
        return Load(self.latencies, elapsed, time.process_time() - cpu, self.unexpected)

    def send(self, link: socket.socket) -> None:
        if not self.to_send:
            return
        self.to_send -= 1
        request = (
            f"GET {next(self.paths)} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: {_client()}\r\n\r\n"
        )
        self.received[link] = b""
        self.sent_at[link] = self.due if self.interval else time.perf_counter()
        self.due += self.interval
        link.sendall(request.encode())

    def receive(self, link: socket.socket) -> None:
        chunk = link.recv(1 << 18)
        if not chunk:
            raise ConnectionError("the server closed a connection")
        answer = self.received[link] = self.received[link] + chunk
        end = answer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = answer[:end]
        length = CONTENT_LENGTH.search(head)
        if len(answer) < end + 4 + (int(length[1]) if length else 0):
            return
        self.latencies.append(time.perf_counter() - self.sent_at.pop(link))
        self.unexpected += not self.check(head)
        if self.interval:
            self.free.append(link)
        else:
            self.send(link)


def _checker(status: int, x_cache: str | None) -> Callable[[bytes], bool]:
    start = f"HTTP/1.1 {status} ".encode()

    def check(head: bytes) -> bool:
        found = X_CACHE.search(head)
        return head.startswith(start) and (found and found[1].decode()) == x_cache

    return check


def _client() -> str:
    number = next(_clients) // REQUESTS_PER_CLIENT
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
