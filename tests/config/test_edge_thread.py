"""The thread of a worker that answers hits: what it answers, what it passes on, and how it ends."""

from __future__ import annotations

import select
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest
from django.db import connection, transaction

from courses.models import Course
from tests.config.gunicorn_server import get, gunicorn, waiting
from tests.courses.factories import CourseFactory
from tests.support.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
HOST = b"Host: localhost\r\n"


@pytest.fixture
def course(transactional_db):
    return CourseFactory(title="Rust")


@pytest.fixture
def path(course):
    return f"/api/v1/courses/{course.pk}/"


def warm(port, path):
    """Ask until the edge has learned the kind of ``get`` and of requests with HOST alone."""
    for _ in range(3):
        get(port, path)
        raw(port, f"GET {path} HTTP/1.1\r\n".encode() + HOST + b"Connection: close\r\n\r\n")


def raw(port, *parts):
    """Send bytes, and return all that the server sends until it closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        for part in parts:
            client.sendall(part)
        client.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: client.recv(65_536), b""))


def heads(answer):
    """The status, X-Cache and Connection of each response in what a server has sent."""
    found = []
    for head in answer.split(b"HTTP/1.1 ")[1:]:
        lines = dict(line.split(b": ", 1) for line in head.split(b"\r\n\r\n")[0].split(b"\r\n")[1:])
        found.append((int(head[:3]), lines.get(b"X-Cache", b"-").decode(), lines[b"Connection"].decode()))
    return found


@contextmanager
def locked_reviews():
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE courses_review")
        yield


@pytest.fixture
def links():
    with ExitStack() as stack:

        def connect(port):
            return stack.enter_context(closing(HTTPConnection("127.0.0.1", port, timeout=30)))

        yield connect


def ask(link, address, method="GET"):
    """The status, X-Cache and Connection of the response to a request on a connection."""
    link.request(method, address)
    response = link.getresponse()
    response.read()
    return response.status, response.getheader("X-Cache"), response.getheader("Connection")


def has_ended(link):
    """Whether the server has closed a connection on which nothing is under way."""
    return bool(select.select([link.sock], [], [], 0)[0])


def test_hits_are_answered_while_every_thread_waits_for_a_table(tmp_path, course, path):
    with gunicorn(tmp_path / "log", DB_LOCK_TIMEOUT="0") as (port, _), ThreadPoolExecutor(4) as pool:
        warm(port, path)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE courses_review")
            reads = [pool.submit(get, port, f"{path}reviews/") for _ in range(4)]
            until(lambda: waiting() == 2)  # all threads
            for _ in range(5):
                status, body = get(port, path)
                assert (status, b'"Rust"' in body) == (200, True)
            last = f"GET {path} HTTP/1.1\r\n".encode() + HOST + b"Connection: close\r\n\r\n"
            assert heads(raw(port, last)) == [(200, "HIT", "close")]
            assert not any(read.done() for read in reads)
        assert [read.result()[0] for read in reads] == [200] * 4


def test_one_connection_carries_hits_and_everything_else(tmp_path, course, path):
    with gunicorn(tmp_path / "log") as (port, _):
        warm(port, path)
        link = HTTPConnection("127.0.0.1", port, timeout=30)
        link.connect()
        opened = link.sock

        def ask(method, address, **headers):
            link.request(method, address, headers=headers)
            response = link.getresponse()
            return response.status, response.getheader("X-Cache"), response.read()

        hit = ask("GET", path)
        assert hit[:2] == (200, "HIT")
        assert ask("GET", f"{path}reviews/")[0] == 200
        assert ask("GET", path) == hit
        assert ask("HEAD", path) == (200, "HIT", b"")
        assert ask("GET", path, **{"If-None-Match": "*"}) == (304, "HIT", b"")
        assert ask("POST", path)[0] == 401
        assert ask("GET", path, Authorization="Token none")[0] == 401
        assert ask("GET", "/health/live") == (200, None, b'{"status": "ok"}')
        Course.objects.filter(pk=course.pk).update(title="Go")
        assert ask("GET", path)[1] == "MISS"
        status, x_cache, body = ask("GET", path)
        assert (status, x_cache, b'"Go"' in body) == (200, "HIT", True)
        assert link.sock is opened
        link.close()


def test_each_of_many_clients_that_ask_at_once_gets_its_own_response(served, course):
    courses = [course, *(CourseFactory(title=f"Course {number}") for number in range(7))]
    addresses = [f"/api/v1/courses/{each.pk}/" for each in courses]
    warm(served, addresses[0])
    for address in addresses:
        get(served, address)
    with ExitStack() as stack:
        clients = [
            stack.enter_context(
                socket.create_connection(("127.0.0.1", served), 30, (f"127.0.1.{number + 1}", 0))
            )
            for number in range(40)
        ]
        for turn in range(3):
            for number, client in enumerate(clients):
                path = addresses[(number + turn) % 8]
                client.sendall(f"GET {path} HTTP/1.1\r\n".encode() + HOST + b"\r\n")
            for number, client in enumerate(clients):
                answer = client.recv(65_536)
                assert f'"title":"{courses[(number + turn) % 8].title}"'.encode() in answer
                assert heads(answer) == [(200, "HIT", "keep-alive")]


@pytest.fixture(scope="module")
def served(tmp_path_factory, django_db_setup):
    with gunicorn(tmp_path_factory.mktemp("served") / "log", keepalive=1, DB_LOCK_TIMEOUT="0") as (port, _):
        yield port


def test_requests_in_one_piece_and_requests_in_pieces_are_answered_in_their_order(served, path):
    warm(served, path)
    request = f"GET {path} HTTP/1.1\r\n".encode() + HOST
    last = request + b"Connection: close\r\n\r\n"
    hit, end = (200, "HIT", "keep-alive"), (200, "HIT", "close")
    assert heads(raw(served, request + b"\r\n", last)) == [hit, end]
    assert heads(raw(served, request + b"\r\n" + request + b"\r\n" + last)) == [hit, hit, end]
    assert heads(raw(served, *(bytes([byte]) for byte in request + b"\r\n"), last)) == [hit, end]


@pytest.mark.parametrize(
    ("status", "header"),
    [
        (400, b"Host: other\r\n"),
        (400, b"No colon\r\n"),
        (400, b"Space : before\r\n"),
        (400, b"Content-Length: -1\r\n"),
        (417, b"Expect: wonders\r\n"),
        (431, b"X-Long: " + b"a" * 8_200 + b"\r\n"),
    ],
)
def test_what_the_server_refuses_it_refuses_after_hits_too(served, path, status, header):
    warm(served, path)
    request = f"GET {path} HTTP/1.1\r\n".encode() + HOST
    answers = heads(raw(served, request + b"\r\n", request + header + b"\r\n"))
    assert [each[0] for each in answers] == [200, status]


def test_an_idle_connection_is_closed_when_its_time_is_over(served, path):
    warm(served, path)
    with socket.create_connection(("127.0.0.1", served), timeout=30) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\n".encode() + HOST + b"\r\n")
        assert heads(b"".join(iter(lambda: client.recv(65_536), b""))) == [(200, "HIT", "keep-alive")]


def test_a_client_that_takes_its_responses_slowly_holds_up_no_other(served):
    """Together they do not fit into the buffers of its connection."""
    long, short = CourseFactory(description="long " * 4_000), CourseFactory()
    addresses = [f"/api/v1/courses/{course.pk}/" for course in (long, short)]
    for address in addresses:
        warm(served, address)
    request = f"GET {addresses[0]} HTTP/1.1\r\n".encode() + HOST
    number = 600
    with socket.create_connection(("127.0.0.1", served), timeout=30) as slow:
        slow.sendall((request + b"\r\n") * (number - 1) + request + b"Connection: close\r\n\r\n")
        for _ in range(20):
            assert get(served, addresses[1])[0] == 200
        received = b"".join(iter(lambda: slow.recv(65_536), b""))
    assert len(received) > 12_000_000
    assert heads(received) == [(200, "HIT", "keep-alive")] * (number - 1) + [(200, "HIT", "close")]


def test_a_client_that_takes_no_response_loses_its_connection(tmp_path):
    """Not a thread of requests, for ever."""
    path = f"/api/v1/courses/{CourseFactory(description='long ' * 4_000).pk}/"
    with gunicorn(tmp_path / "log", GUNICORN_CMD_ARGS="--timeout 5") as (port, _):
        warm(port, path)
        with socket.create_connection(("127.0.0.1", port), timeout=1) as client:
            with suppress(TimeoutError):
                client.sendall((f"GET {path} HTTP/1.1\r\n".encode() + HOST + b"\r\n") * 2_000)
            ends = select.poll()
            ends.register(client, select.POLLHUP)
            until(lambda: ends.poll(0))
        assert "WORKER TIMEOUT" not in (tmp_path / "log").read_text()


def test_a_stop_answers_requests_on_idle_connections_and_closes_them(tmp_path, path):
    with gunicorn(tmp_path / "log") as (port, process):
        warm(port, path)
        links = [HTTPConnection("127.0.0.1", port, timeout=30) for _ in range(4)]

        def ask(link):
            link.request("GET", path)
            response = link.getresponse()
            return response.read() and (response.status, response.getheader("Connection"))

        assert [ask(link) for link in links] == [(200, "keep-alive")] * 4
        process.send_signal(signal.SIGTERM)
        last = [ask(link) for link in links[:2]]  # the worker may not have seen the signal yet
        assert {status for status, _ in last} == {200}
        assert process.wait(20) == 0
        for link in links:
            link.close()


KEPT = (200, "HIT", "keep-alive")


@pytest.mark.parametrize(
    ("second", "statuses"),
    [
        (b"GET /api/v1/nothing/ HTTP/1.1\r\n" + HOST + b"\r\n", [200, 404, 200]),
        (b"POST /api/v1/courses/ HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n", [200, 401]),
    ],
    ids=["another request", "its body"],
)
def test_what_follows_a_request_that_was_read_with_the_one_before_waits_its_turn(
    served, path, second, statuses
):
    last = f"GET {path} HTTP/1.1\r\n".encode() + HOST + b"\r\n"
    first = f"GET {path}reviews/ HTTP/1.1\r\n".encode() + HOST + b"\r\n"
    warm(served, path)
    with socket.create_connection(("127.0.0.1", served), timeout=30) as client:
        with locked_reviews():
            client.sendall(first + second.replace(b"%d", b"%d" % len(last)))
            until(lambda: waiting() == 1)
            client.sendall(last)
        client.shutdown(socket.SHUT_WR)
        answers = heads(b"".join(iter(lambda: client.recv(65_536), b"")))
    assert [status for status, *_ in answers] == statuses


def test_operators_are_answered_on_a_connection_that_had_a_hit(tmp_path, path, links):
    with gunicorn(tmp_path / "log", DB_LOCK_TIMEOUT="0") as (port, _), ThreadPoolExecutor(2) as pool:
        warm(port, path)
        link = links(port)
        assert ask(link, path) == KEPT
        with locked_reviews():
            reads = [pool.submit(get, port, f"{path}reviews/") for _ in range(2)]
            until(lambda: waiting() == 2)
            assert ask(link, "/health/live")[0] == 200
            assert not any(read.done() for read in reads)


def test_clients_that_leave_their_idle_connections_open_hold_up_nothing(tmp_path, path, links):
    """gunicorn's graceful end of a connection waits for the client, up to two seconds for each."""
    log = tmp_path / "log"
    with gunicorn(log, keepalive=1) as (port, _):
        warm(port, path)
        idle = [links(port) for _ in range(40)]
        assert {ask(link, path) for link in idle} == {KEPT}
        until(lambda: all(map(has_ended, idle)))
        assert "WORKER TIMEOUT" not in log.read_text()


def test_connections_that_wait_leave_room_for_others(tmp_path, path, links):
    with gunicorn(tmp_path / "log", GUNICORN_CMD_ARGS="--worker-connections 8") as (port, _):
        warm(port, path)
        assert {ask(links(port), path) for _ in range(5)} == {KEPT}
        assert [ask(links(port), f"{path}reviews/")[::2] for _ in range(8)] == [
            (200, "keep-alive"),
            *[(200, "close")] * 7,
        ]


def test_a_worker_whose_master_was_killed_does_not_wait_for_idle_connections(tmp_path, path, links):
    with gunicorn(tmp_path / "log", GUNICORN_CMD_ARGS="--graceful-timeout 600") as (port, process):
        warm(port, path)
        link = links(port)
        assert ask(link, path) == KEPT
        process.kill()
        until(lambda: has_ended(link))


def test_a_server_without_keep_alive_closes_after_a_hit(tmp_path, path):
    with gunicorn(tmp_path / "log", keepalive=0) as (port, _):
        warm(port, path)
        assert heads(raw(port, f"GET {path} HTTP/1.1\r\n".encode() + HOST + b"\r\n")) == [
            (200, "HIT", "close")
        ]


FAULTS = """
def post_worker_init(worker):
    from config import edge_thread

    find = edge_thread.find_endpoint

    def find_or_fail(path, query):
        if query == "fault":
            raise RuntimeError("a fault")
        return find(path, query)

    def close_idle(self, now):
        if any(conn.timeout for conn in self._all()):
            raise RuntimeError("the thread ends")

    edge_thread.find_endpoint = find_or_fail
    edge_thread.EdgeThread._close_idle = close_idle
"""


def test_a_worker_outlives_faults_in_its_thread(tmp_path, path, links):
    """The connections that the thread has go back to the worker, which answers on them by itself."""
    config, log = tmp_path / "faulty.conf.py", tmp_path / "log"
    config.write_text(Path("gunicorn.conf.py").read_text() + FAULTS)
    with gunicorn(log, GUNICORN_CMD_ARGS=f"--config {config}") as (port, _):
        assert get(port, f"{path}?fault")[0] == 400
        warm(port, path)
        link = links(port)
        assert ask(link, path) == KEPT
        opened = link.sock
        until(lambda: "the thread ends" in log.read_text())
        assert [ask(link, path) for _ in range(2)] == [KEPT, KEPT]
        assert link.sock is opened
        assert log.read_text().count("Booting worker") == 1
