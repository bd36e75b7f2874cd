"""gunicorn's threaded worker: operators are answered while all threads hang, a stop resets no connection,
and a HUP leaves no moment without a worker that serves.
"""

from __future__ import annotations

import mmap
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

from core.draining import is_draining

# A thread for each: none waits for another, and none for the threads of requests.
OPERATORS = (b"/health/live", b"/health/ready", b"/metrics")
PEEKED_BYTES = 2048
END_OF_HEADERS = b"\r\n\r\n"
REPLACEMENT_SECONDS = 20
_youngest = mmap.mmap(-1, 8)  # the age of a worker that has begun to serve; shared by all that are forked


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn is untyped
    """Differs from gunicorn's in three ways.

    A connection gets a thread when its request arrives, not before. So a client that connects and sends
    nothing takes no thread, and the requests of operators can go to threads of their own: they are answered
    while all others hang.

    A worker that stops closes its port when it stops accepting. gunicorn's keeps it open until the last
    request is answered, and the system resets the connections that it completed in between.
    """

    def init_process(self) -> None:
        self.operators = {path: ThreadPoolExecutor(1, path.decode()) for path in OPERATORS}
        self.waits_for_replacement = threading.Event()
        super().init_process()

    def run(self) -> None:
        """Serve; the application is loaded."""
        _youngest[:] = self.age.to_bytes(8)
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
        """Give a request to a thread."""
        work = self._pool_of(conn.sock).submit(self.handle, conn)
        work.add_done_callback(lambda done: self.method_queue.defer(self.finish_request, conn, done))

    def _pool_of(self, client: socket.socket) -> ThreadPoolExecutor:
        """Return the threads for the request that has arrived; it stays in the socket."""
        start = b""
        with suppress(OSError):
            start = client.recv(PEEKED_BYTES, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        method, _, rest = start.partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0]
        is_complete = END_OF_HEADERS in start  # else its client could hold up the thread
        if method in {b"GET", b"HEAD"} and is_complete and path in self.operators:
            return self.operators[path]
        pool: ThreadPoolExecutor = self.tpool
        return pool

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
