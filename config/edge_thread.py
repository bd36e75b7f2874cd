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
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from gunicorn.http import RequestParser
from gunicorn.http.wsgi import create

from config.gunicorn_worker import END_OF_HEAD, peek
from edge.answering import Answer, Visit
from edge.endpoints import find_endpoint
from edge.wsgi import STATUS_LINES, handed_over

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from edge.answering import Edge

Made = TypeVar("Made")
ADDRESS = re.compile(rb"(?:GET|HEAD) (/[^\s?#%]*)(?:\?([^\s#]*))? HTTP/1\.1\r\n")
MAX_AT_ONCE = 16  # requests that are answered by one exchange: the first waits for all
PAUSE_SECONDS = 1.0  # between two looks for connections that have been idle for too long


def head_of_a_read(start: bytes) -> bytes | None:
    """Return the head of a request for a cached address; None if it is another one, or is not there whole."""
    end = start.find(END_OF_HEAD)
    address = ADDRESS.match(start)
    if address is None or end < 0 or not address[0].isascii():
        return None
    path, query = address.groups(b"")
    try:
        found = find_endpoint(path.decode("ascii"), query.decode("ascii"))
    except Exception:  # noqa: BLE001  (a thread of requests meets it again, and logs it)
        return None
    return start[: end + len(END_OF_HEAD)] if found else None


class Request(NamedTuple):
    """A request for a cached address, as gunicorn has read it."""

    conn: Any
    head: bytes
    parsed: Any
    response: Any
    environ: dict[str, Any]
    began: datetime


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
        """Serve until the worker stops, or a fault; the connections that are left go back to it."""
        try:
            self._serve_until_stop()
        finally:
            with self._lock:
                self._has_ended = True
            for conn in self._all():
                self._give_back(conn, keep=True)
            self._connections.close()

    def _serve_until_stop(self) -> None:
        next_look = 0.0
        while self._worker.alive:
            now = time.monotonic()  # what arrives from here on is served before its connection is closed
            ready = [key.data for key, _ in self._connections.select(PAUSE_SECONDS)]
            for first in range(0, len(ready), MAX_AT_ONCE):
                self._serve(ready[first : first + MAX_AT_ONCE])
            if now > next_look:
                next_look = now + PAUSE_SECONDS
                self._close_idle(now)

    def _all(self) -> Iterable[Any]:
        with self._lock:
            return [key.data for key in self._connections.get_map().values()]

    def _close_idle(self, now: float) -> None:
        for conn in self._all():
            if conn.timeout < now:
                self._release(conn)
                self._worker.method_queue.defer(self._worker.close_idle, conn)

    def _serve(self, conns: Sequence[Any]) -> None:
        """Serve the request that has arrived on each connection; the edge answers all of them at once."""
        requests = [request for conn in conns if (request := self._read(conn))]
        answers = self._edge.answer_all([request.environ for request in requests])
        for request, answer in zip(requests, answers, strict=True):
            if not (isinstance(answer, Answer) and self._guarded(self._answer, request, answer)):
                visit = answer if isinstance(answer, Visit) else None
                self._pass_on(request.conn, request.head, visit)

    def _read(self, conn: Any) -> Request | None:
        """Return a request for a cached address; another one is passed on."""
        start = peek(conn.sock)
        head = head_of_a_read(start)
        request = self._guarded(self._parse, conn, head) if head else None
        if request is None:
            self._pass_on(conn, start, None)
        return request

    def _parse(self, conn: Any, head: bytes) -> Request | None:
        began = datetime.now()  # noqa: DTZ005  (as gunicorn's access log takes it)
        parsed = next(RequestParser(self._worker.cfg, [head], conn.client))
        if any(name == "EXPECT" for name, _ in parsed.headers):
            return None
        response, environ = create(parsed, conn.sock, conn.client, conn.server, self._worker.cfg)
        return Request(conn, head, parsed, response, environ, began)

    def _answer(self, request: Request, answer: Answer) -> bool:
        conn, head, parsed, response, environ, began = request
        # Not start_response(): it would check headers that Django has made and gunicorn has sent before.
        response.status, response.status_code = STATUS_LINES[answer.status], answer.status
        response.headers, response.response_length = answer.headers, len(answer.body)
        if self._worker.is_full():
            response.force_close()
        lines = [*response.default_headers(), *(f"{name}: {value}\r\n" for name, value in response.headers)]
        response.sent = len(answer.body)
        self._worker.log.access(response, parsed, environ, datetime.now() - began)  # noqa: DTZ005
        conn.sock.recv(len(head))
        data = "".join(lines).encode("latin-1") + b"\r\n" + answer.body
        self._send(conn, data, keep=not response.should_close())
        return True

    def _guarded(self, function: Callable[..., Made], *arguments: Any) -> Made | None:
        """Return what a function returns; None if it fails: a thread of requests meets the fault again."""
        try:
            return function(*arguments)
        except Exception:
            self._worker.log.debug("The thread of the edge passes a request on", exc_info=True)
            return None

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

    def _pass_on(self, conn: Any, start: bytes, visit: Visit | None) -> None:
        """Give a connection with a request to the threads of requests."""
        self._release(conn)
        if visit:
            conn.handed_over = handed_over(visit)
        self._worker.method_queue.defer(self._worker.enqueue_in_pool, conn, start)

    def _give_back(self, conn: Any, *, keep: bool) -> None:
        """Give a connection without a request to the worker, which keeps or closes it."""
        self._release(conn)
        result: Future[bool] = Future()
        result.set_result(keep)
        self._worker.method_queue.defer(self._worker.finish_request, conn, result)

    def _release(self, conn: Any) -> None:
        with self._lock:
            self._connections.unregister(conn.sock)
