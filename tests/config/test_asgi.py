"""The bound on concurrent requests under ASGI; uvicorn as a whole: tests/sources/test_5_task_manager.py."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from tests import factories
from tests.support.uvicorn_server import uvicorn
from tests.support.waiting import a_session_waits_for_a_lock, until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
HALF = b"POST /api/v1/auth/token/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"


def test_uploads_that_never_end_keep_no_others_waiting(tmp_path, port):
    with uvicorn(tmp_path, port, ASGI_MAX_REQUESTS="1") as server:
        uploads = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
        for upload in uploads:
            upload.sendall(HALF)
        assert server.get("/api/v1/courses/").status == 200
        for upload in uploads:
            upload.close()
        assert server.get("/api/v1/courses/").status == 200


def test_live_is_answered_while_every_turn_waits_for_the_database(tmp_path, port):
    path = f"/api/v1/courses/{factories.CourseFactory().pk}/reviews/"
    with uvicorn(tmp_path, port, ASGI_MAX_REQUESTS="1") as server, ThreadPoolExecutor(2) as pool:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE courses_review")
            reads = [pool.submit(server.get, path) for _ in range(2)]
            until(a_session_waits_for_a_lock)
            assert server.get("/health/live").status == 200
            assert not any(read.done() for read in reads)
        assert [read.result().status for read in reads] == [200, 200]


def test_every_turn_is_given_back_also_by_what_fails(tmp_path, port):
    course = factories.CourseFactory()
    paths = ["/nowhere", f"/api/v1/courses/{course.pk}/", "/api/v1/me/", "/static/none.css"]
    rates = {"THROTTLE_ANON": "100000/min", "THROTTLE_USER": "100000/min"}
    with uvicorn(tmp_path, port, ASGI_MAX_REQUESTS="2", **rates) as server, ThreadPoolExecutor(8) as pool:
        statuses = [response.status for response in pool.map(server.get, paths * 10)]
    assert statuses == [404, 200, 401, 404] * 10
