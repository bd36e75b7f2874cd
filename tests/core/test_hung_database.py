"""A PostgreSQL that hangs without closing its connections: what waits for it fails, the rest goes on."""

from __future__ import annotations

import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.test import Client

from config.environment import state_dir
from core.hung_database import Watch, answers
from tests.courses.factories import CourseFactory
from tests.devtools.processes import hanging, server_process
from tests.support.servers import serving
from tests.support.threads import Other
from tests.support.waiting import a_session_waits_for_a_lock, until

pytestmark = pytest.mark.django_db(transaction=True)
UNCACHED = "/api/v1/courses/{}/reviews/"
LOCK = 15_000_000


def postgres():
    """Return the tests' PostgreSQL, to be suspended with its sessions."""
    return server_process(state_dir(), "DATABASE_URL")


def execute(sql, *params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


@pytest.fixture
def watch():
    """Watches the connections that a test attaches; a call of any length is late."""
    return Watch(seconds=0)


@pytest.fixture
def waiting(watch):
    """A thread whose statement waits for a lock until the test ends, on a watched connection."""

    def wait():
        try:
            connection.ensure_connection()
            watch.attach(connection)
            execute("SELECT pg_advisory_lock(%s)", LOCK)
        finally:
            connection.close()

    execute("SELECT pg_advisory_lock(%s)", LOCK)
    other = Other(wait)
    until(a_session_waits_for_a_lock)
    yield other
    execute("SELECT pg_advisory_unlock_all()")


def test_a_statement_that_waits_fails_if_the_server_hangs(watch, waiting):
    with hanging(postgres()):
        watch.look()
        with pytest.raises(OperationalError):
            waiting.result()


def test_a_kept_connection_is_unusable_if_the_server_hangs(watch):
    ready, hangs = threading.Event(), threading.Event()

    def check():
        connection.ensure_connection()
        watch.attach(connection)
        ready.set()
        hangs.wait()
        return connection.is_usable()

    with ThreadPoolExecutor(1) as pool:
        is_usable = pool.submit(check)
        ready.wait()
        with hanging(postgres()):
            hangs.set()
            until(lambda: watch.look() and is_usable.done())
        assert not is_usable.result()
        pool.submit(connections.close_all).result()


def test_a_statement_that_waits_is_left_alone_if_the_server_answers(watch, waiting):
    watch.look()
    execute("SELECT pg_advisory_unlock(%s)", LOCK)
    waiting.result()


def test_only_the_call_that_was_late_is_cut_and_no_socket_that_has_its_number(watch):
    connection.ensure_connection()
    watch.attach(connection)
    calls = connection.wrap_database_errors
    with calls:
        began = calls.began
    with calls:
        calls.cut(began)
    execute("SELECT 1")
    number = connection.connection.fileno()
    connection.close()
    ours, others = socket.socketpair()
    with ours, others, calls:
        assert number in {ours.fileno(), others.fileno()}
        calls.cut(calls.began)
        ours.sendall(b"still open")
        assert others.recv(100) == b"still open"


def test_a_new_connection_is_an_answer_and_so_is_its_refusal_but_not_silence():
    assert answers(connection)
    with silent_address() as (host, port):
        assert not answers(at(host, port))
    assert answers(at(host, port))  # refused: nothing listens there any more


def test_a_connection_that_is_not_answered_is_a_503(monkeypatch):
    course = CourseFactory()
    connection.close()
    with silent_address() as (host, port), monkeypatch.context() as patched:
        for name, value in (("HOST", host), ("PORT", port)):
            patched.setitem(connection.settings_dict, name, value)
        patched.setitem(connection.settings_dict["OPTIONS"], "connect_timeout", 2)
        response = Client().get(UNCACHED.format(course.pk))
    assert (response.status_code, response["Content-Type"]) == (503, "application/problem+json")
    assert response["Retry-After"]


@contextmanager
def silent_address():
    """A port that the system accepts connections at, and nothing reads from."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()


def at(host, port):
    other = connection.copy()
    other.settings_dict |= {"HOST": host, "PORT": port}
    return other


@pytest.mark.slow
@pytest.mark.parametrize("server", ["gunicorn", "uvicorn"])
def test_requests_are_answered_with_503_while_it_hangs_and_with_200_afterwards(server):
    path = UNCACHED.format(CourseFactory().pk)
    variables = {"DB_HANG_TIMEOUT": "1", "DB_CONNECT_TIMEOUT": "2", "DB_LOCK_TIMEOUT": "0"}
    with serving(server, **variables) as port, ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            execute("LOCK TABLE courses_review")
            waiting = pool.submit(get, port, path)
            until(a_session_waits_for_a_lock)
            with hanging(postgres()):
                assert get(port, "/health/live")[0] == 200
                status, headers, body = waiting.result()
                assert (status, json.loads(body)["status"]) == (503, 503)
                assert headers["Retry-After"]
                assert get(port, path)[0] == 503  # by its connection, or by a new one
        until(lambda: get(port, path)[0] == 200)


def get(port, path):
    client = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        client.request("GET", path)
        response = client.getresponse()
        return response.status, response.headers, response.read()
    finally:
        client.close()
