"""The thread of a gunicorn worker that answers what the edge can answer (edge/), without Django.

A request that gets a thread of its own costs two changes of thread and two of the poller, which is as much
as a hit itself. So one thread has the connections on which cached addresses are read: it waits for their
requests and answers hits. Everything else goes to the threads of requests.
"""

from __future__ import annotations

import re
import threading
import time
from concurrent.futures import Future
from datetime import datetime
from selectors import EVENT_READ, DefaultSelector
from typing import TYPE_CHECKING, Any

from gunicorn.http import RequestParser
from gunicorn.http.wsgi import create

from config.gunicorn_worker import END_OF_HEAD, peek
from edge.answering import Answer
from edge.endpoints import find_endpoint
from edge.wsgi import STATUS_LINES, handed_over

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge.answering import Edge, Visit

ADDRESS = re.compile(rb"(?:GET|HEAD) (/[^\s?#%]*)(?:\?([^\s#]*))? HTTP/1\.1\r\n")
PAUSE_SECONDS = 1.0  # between two looks for connections that have been idle for too long


def head_of_a_read(start: bytes) -> bytes | None:
    """Return the head of a request for a cached address; None if it is another one, or is not there whole."""
    end = start.find(END_OF_HEAD)
    address = ADDRESS.match(start)
    if address is None or end < 0 or not address[0].isascii():
        return None
    path, query = address.groups(b"")
    found = find_endpoint(path.decode("ascii"), query.decode("ascii"))
    return start[: end + len(END_OF_HEAD)] if found else None


class EdgeThread(threading.Thread):
    """Answers hits on the connections that it has.

    Args:
        worker: gets back each connection whose request the edge does not answer.
        edge: answers.
    """

    def __init__(self, worker: Any, edge: Edge) -> None:
        super().__init__(name="edge", daemon=True)
        self._worker = worker
        self._edge = edge
        self._connections = DefaultSelector()
        self._lock = threading.Lock()
        self._has_ended = False

    def take(self, conn: Any, start: bytes) -> bool:
        """Take over a connection whose request has begun with ``start``; return whether that was done."""
        if head_of_a_read(start) is None:
            return False
        with self._lock:
            if not self._has_ended:
                conn.init()  # the worker needs its parser when it gets the connection back
                conn.sock.setblocking(False)
                conn.set_timeout()
                self._connections.register(conn.sock, EVENT_READ, conn)
            return not self._has_ended

    def run(self) -> None:
        """Serve until the worker stops; the connections that are left go back to it."""
        next_look = 0.0
        while self._worker.alive:
            for key, _ in self._connections.select(PAUSE_SECONDS):
                self._serve(key.data)
            if time.monotonic() > next_look:
                next_look = time.monotonic() + PAUSE_SECONDS
                self._close_idle(time.monotonic())
        with self._lock:
            self._has_ended = True
        for conn in self._all():
            self._give_back(conn, keep=True)
        self._connections.close()

    def _all(self) -> Iterable[Any]:
        with self._lock:
            return [key.data for key in self._connections.get_map().values()]

    def _close_idle(self, now: float) -> None:
        for conn in self._all():
            if conn.timeout < now:
                self._give_back(conn, keep=False)

    def _serve(self, conn: Any) -> None:
        head = head_of_a_read(peek(conn.sock))
        answer: Answer | Visit | None = None
        if head:
            try:
                answer = self._ask(conn, head)
            except Exception:  # gunicorn's own thread meets it again, and answers
                self._worker.log.debug("The thread of the edge passes a request on", exc_info=True)
        if not isinstance(answer, Answer):
            self._pass_on(conn, answer)

    def _ask(self, conn: Any, head: bytes) -> Answer | Visit | None:
        """Return what the edge says to a request; an answer has been sent."""
        began = datetime.now()  # noqa: DTZ005  (as gunicorn's access log takes it)
        request = next(RequestParser(self._worker.cfg, [head], conn.client))
        if request.should_close() or any(name == "EXPECT" for name, _ in request.headers):
            return None
        response, environ = create(request, conn.sock, conn.client, conn.server, self._worker.cfg)
        answer = self._edge.answer(environ)
        if isinstance(answer, Answer):
            conn.sock.recv(len(head))
            response.start_response(STATUS_LINES[answer.status], answer.headers)
            if self._worker.nr_conns > self._worker.max_keepalived:
                response.force_close()
            lines = [
                *response.default_headers(),
                *(f"{name}: {value}\r\n" for name, value in response.headers),
            ]
            response.sent = len(answer.body)
            self._worker.log.access(response, request, environ, datetime.now() - began)  # noqa: DTZ005
            self._send(
                conn, "".join(lines).encode("latin-1") + b"\r\n" + answer.body, keep=not response.must_close
            )
        return answer

    def _send(self, conn: Any, data: bytes, *, keep: bool) -> None:
        try:
            sent = conn.sock.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._give_back(conn, keep=False)
            return
        if sent < len(data):
            self._release(conn)
            self._worker.send_slowly(conn, data[sent:], keep=keep)
        elif keep:
            conn.set_timeout()
        else:
            self._give_back(conn, keep=False)

    def _pass_on(self, conn: Any, visit: Visit | None) -> None:
        """Give a connection with a request to the threads of requests."""
        self._release(conn)
        if visit:
            conn.handed_over = handed_over(visit)
        self._worker.method_queue.defer(self._worker.enqueue_in_pool, conn)

    def _give_back(self, conn: Any, *, keep: bool) -> None:
        """Give a connection without a request to the worker, which keeps or closes it."""
        self._release(conn)
        result: Future[bool] = Future()
        result.set_result(keep)
        self._worker.method_queue.defer(self._worker.finish_request, conn, result)

    def _release(self, conn: Any) -> None:
        with self._lock:
            self._connections.unregister(conn.sock)
