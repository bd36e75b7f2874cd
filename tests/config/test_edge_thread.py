"""The thread of a worker that answers hits: what it answers, what it passes on, and how it ends."""

from __future__ import annotations

import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection

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


@pytest.fixture(scope="module")
def served(tmp_path_factory, django_db_setup):
    with gunicorn(tmp_path_factory.mktemp("served") / "log", keepalive=1) as (port, _):
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
