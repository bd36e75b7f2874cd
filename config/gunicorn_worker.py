"""gunicorn's threaded worker: operators are answered while all threads hang, a stop resets no connection,
and a HUP leaves no moment without a worker that serves.
"""

from __future__ import annotations

import mmap
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from functools import partial
from selectors import EVENT_READ
from typing import TYPE_CHECKING, Any

from gunicorn.workers.gthread import TConn, ThreadWorker

from core.draining import is_draining

if TYPE_CHECKING:
    from collections.abc import Callable

    from config.edge_thread import EdgeThread

# A thread for each: none waits for another, and none for the threads of requests.
OPERATORS = (b"/health/live", b"/health/ready", b"/metrics")
REPLACEMENT_SECONDS = 20
MAX_HEAD_BYTES = 8192
END_OF_HEAD = b"\r\n\r\n"
_youngest = mmap.mmap(-1, 8)  # the age of a worker that has begun to serve; shared by all that are forked


def peek(client: socket.socket) -> bytes:
    """Return what a client has sent; it stays in the socket. Empty if there is nothing."""
    try:
        return client.recv(MAX_HEAD_BYTES, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except OSError:
        return b""


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn is untyped
    """Differs from gunicorn's in four ways.

    A connection gets a thread when its request arrives, not before. So a client that connects and sends
    nothing takes no thread, and the requests of operators can go to threads of their own: they are answered
    while all others hang.

    A worker that stops closes its port when it stops accepting. gunicorn's keeps it open until the last
    request is answered, and the system resets the connections that it completed in between.

    A worker that is told to stop by a HUP waits until a younger one serves.

    One thread answers the hits of all connections (config/edge_thread.py).
    """

    def init_process(self) -> None:
        self.operators = {path: ThreadPoolExecutor(1, path.decode()) for path in OPERATORS}
        self.waits_for_replacement = threading.Event()
        self.edge_thread: EdgeThread | None = None
        super().init_process()

    def run(self) -> None:
        """Serve; the application is loaded."""
        _youngest[:] = self.age.to_bytes(8)
        edge = getattr(self.wsgi, "edge", None)
        is_plain = not self.cfg.is_ssl and self.cfg.protocol == "http" and self.cfg.http_protocols == ["h1"]
        if edge and is_plain and self.cfg.proxy_protocol == "off":
            from config.edge_thread import EdgeThread  # after a HUP, what it imports is imported anew

            self.edge_thread = EdgeThread(self, edge)
            self.edge_thread.start()
        super().run()

    def handle_exit(self, sig: int, frame: Any) -> None:
        """SIGTERM: stop with the server, or when a younger worker serves."""
        if is_draining() or self._is_replaced():
            super().handle_exit(sig, frame)
        elif not self.waits_for_replacement.is_set():
            self.waits_for_replacement.set()
            threading.Thread(target=self._stop_when_replaced, args=[sig], daemon=True).start()

    def _is_replaced(self) -> bool:
        return bool(int.from_bytes(_youngest[:]) > self.age)

    def _stop_when_replaced(self, sig: int) -> None:
        deadline = time.monotonic() + REPLACEMENT_SECONDS
        while not (is_draining() or self._is_replaced() or time.monotonic() > deadline):
            time.sleep(0.05)
        super().handle_exit(sig, None)

    def accept(self, listener: socket.socket) -> None:
        """Accept a connection and wait for its request in the poller."""
        with suppress(BlockingIOError, ConnectionAbortedError):
            client, address = listener.accept()
            self.nr_conns += 1
            conn = TConn(self.cfg, client, address, listener.getsockname())
            conn.set_timeout()
            self.pending_conns.append(conn)
            self.poller.register(client, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def enqueue_req(self, conn: Any) -> None:
        """Give a request that has arrived to a thread; it stays in the socket."""
        start = peek(conn.sock)
        if not (self.edge_thread and self.edge_thread.take(conn, start)):
            self._submit(self._pool_for(start), self.handle, conn)

    def enqueue_in_pool(self, conn: Any) -> None:
        """Give a request to a thread of requests."""
        self._submit(self.tpool, self.handle, conn)

    def _submit(self, pool: ThreadPoolExecutor, handle: Callable[[Any], bool], conn: Any) -> None:
        work = pool.submit(handle, conn)
        work.add_done_callback(lambda done: self.method_queue.defer(self.finish_request, conn, done))

    def _pool_for(self, start: bytes) -> ThreadPoolExecutor:
        method, _, rest = start.partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0]
        is_complete = END_OF_HEAD in start  # else its client could hold up the thread
        if method in {b"GET", b"HEAD"} and is_complete and path in self.operators:
            return self.operators[path]
        pool: ThreadPoolExecutor = self.tpool
        return pool

    def handle(self, conn: Any) -> Any:
        """Serve a request, with what the thread of the edge knows of it."""
        with vars(conn).pop("handed_over", nullcontext()):
            return super().handle(conn)

    def send_slowly(self, conn: Any, data: bytes, *, keep: bool) -> None:
        """Let a thread of requests send the rest of a response to a client that does not take it at once."""

        def send(conn: Any) -> bool:
            conn.sock.setblocking(True)
            conn.sock.sendall(data)
            return keep

        self._submit(self.tpool, send, conn)

    def set_accept_enabled(self, enabled: bool) -> None:
        """Begin or stop to accept; when the worker stops, accept what waits and close the port."""
        super().set_accept_enabled(enabled)
        if enabled or self.alive:
            return
        for listener in self.sockets:
            waiting = self.nr_conns - 1
            while self.nr_conns > waiting:
                waiting = self.nr_conns
                self.accept(listener)
            listener.close()
        self.sockets: list[socket.socket] = []

    def murder_pending(self) -> None:
        """Close connections without a request: all that have sent none, when the worker stops."""
        if not self.alive:
            for conn in self.pending_conns:
                conn.timeout = min(conn.timeout, time.monotonic() + 1)
        super().murder_pending()
