"""gunicorn as it is configured: operators are answered while all threads hang, a stop loses nothing."""

from __future__ import annotations

import json
import resource
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPConnection

import pytest
from django.db import connection, transaction

from tests.config.gunicorn_server import get, gunicorn, is_live, waiting
from tests.courses.factories import CourseFactory
from tests.support.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
LIVE = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n"


def test_a_worker_keeps_more_than_a_thousand_connections(tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, limits[1] % 2**63), limits[1]))
    try:
        with gunicorn(tmp_path / "log") as (port, _), ExitStack() as stack:
            links = [HTTPConnection("127.0.0.1", port, timeout=30) for _ in range(1100)]
            for link in links:
                link.connect()
                stack.callback(link.close)
            sockets = [link.sock for link in links]
            for _ in range(2):
                for link in links:
                    link.request("GET", "/health/live")
                assert {link.getresponse().read() for link in links} == {b'{"status": "ok"}'}
            assert [link.sock for link in links] == sockets  # none was closed and opened again
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_health_and_metrics_are_answered_while_every_thread_waits_for_a_table(tmp_path):
    path = f"/api/v1/courses/{CourseFactory().pk}/reviews/"
    timeouts = {"DB_LOCK_TIMEOUT": "0", "METRICS_ENABLED": "1"}
    with gunicorn(tmp_path / "log", **timeouts) as (port, _), ThreadPoolExecutor(12) as pool:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE courses_review")
            reads = [pool.submit(get, port, path) for _ in range(12)]
            until(lambda: waiting() == 2)  # all threads
            with socket.create_connection(("127.0.0.1", port)) as unfinished:
                unfinished.sendall(LIVE)  # must not hold up the others
                for _ in range(10):
                    assert get(port, "/health/live")[0] == 200
            assert json.loads(get(port, "/health/ready")[1])["checks"]["postgresql"] == "ok"
            assert b"syllabus_http_responses_total" in get(port, "/metrics")[1]
            assert not any(read.done() for read in reads)
        assert [read.result()[0] for read in reads] == [200] * 12


def test_a_stop_answers_what_has_been_sent_and_accepts_no_more(tmp_path):
    path = f"/api/v1/courses/{CourseFactory().pk}/reviews/"
    with gunicorn(tmp_path / "log", DB_LOCK_TIMEOUT="0") as (port, process), ThreadPoolExecutor(12) as pool:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE courses_review")
            reads = [pool.submit(get, port, path) for _ in range(12)]  # more than there are threads
            until(lambda: waiting() == 2)
            process.send_signal(signal.SIGTERM)
            until(lambda: not is_live(port))  # refused at once, not accepted and dropped later
        assert [read.result()[0] for read in reads] == [200] * 12
        assert process.wait(60) == 0


def test_draining_says_so_and_serves_until_it_stops(tmp_path):
    with gunicorn(tmp_path / "log", DRAIN_SECONDS="600") as (port, process):
        assert get(port, "/health/ready")[0] == 200
        process.send_signal(signal.SIGTERM)
        until(lambda: get(port, "/health/ready")[0] == 503)
        assert json.loads(get(port, "/health/ready")[1])["status"] == "draining"
        assert get(port, "/api/v1/courses/")[0] == 200
        process.send_signal(signal.SIGTERM)  # at once
        assert process.wait(60) == 0


def test_a_reload_loses_no_request(tmp_path):
    """HUP: new workers beside the old ones, on the same port."""
    course = f"/api/v1/courses/{CourseFactory().pk}/"
    over = threading.Event()

    def read():
        statuses = set()
        while not over.is_set():
            statuses.add(get(port, course)[0])
        return statuses

    with gunicorn(tmp_path / "log") as (port, process), ThreadPoolExecutor(4) as pool:
        reads = [pool.submit(read) for _ in range(4)]
        process.send_signal(signal.SIGHUP)
        until(lambda: (tmp_path / "log").read_text().count("Worker exiting") == 1)
        over.set()
        assert [read.result() for read in reads] == [{200}] * 4


def test_head_of_a_cached_address_is_no_warning(tmp_path):
    course = f"/api/v1/courses/{CourseFactory().pk}/"
    with gunicorn(tmp_path / "log") as (port, _):
        assert get(port, course)[0] == 200
        assert get(port, course, method="HEAD") == (200, b"")
    assert "WARNING" not in (tmp_path / "log").read_text()


@pytest.mark.parametrize(
    ("status", "sent"),
    [
        (414, b"GET /" + b"a" * 8_200 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        (431, b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"a" * 8_200 + b"\r\n\r\n"),
        (400, b"get / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        (400, b"GET / HTTP/7.1\r\nHost: localhost\r\n\r\n"),
        (400, b"nonsense\r\n\r\n"),
    ],
    ids=["long address", "long header", "lower-case method", "unknown version", "no request"],
)
def test_what_the_server_cannot_parse_gets_a_short_answer_and_the_end_of_the_connection(server, status, sent):
    """As docs/operations.md says. Nothing of the server's code or of the request is in the answer."""
    with socket.create_connection(("127.0.0.1", server), timeout=30) as client:
        client.sendall(sent)
        answer = b"".join(iter(lambda: client.recv(65_536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split(b" ", 2)[1] == str(status).encode()
    assert len(body) < 400
    assert b"Traceback" not in body
    assert b"aaaa" not in body


@pytest.fixture(scope="module")
def server(tmp_path_factory, django_db_setup):
    with gunicorn(tmp_path_factory.mktemp("server") / "log") as (port, _):
        yield port
