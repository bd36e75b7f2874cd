"""OPERATOR_PORT: a worker and a web process of any server answer there, whatever their threads do."""

from __future__ import annotations

import http.client
import json
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from config.celery import debug_task
from tests.courses.factories import CourseFactory
from tests.support.servers import serving
from tests.support.waiting import a_session_waits_for_a_lock, until
from tests.support.workers import working

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def operators():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def get(port, path, **headers):
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        client.request("GET", path, headers=headers)
        response = client.getresponse()
        return response.status, response.read().decode()
    except OSError:
        return 0, ""
    finally:
        client.close()


def test_a_worker_shows_the_tasks_of_all_its_processes(tmp_path, operators):
    variables = {"OPERATOR_PORT": str(operators), "METRICS_ENABLED": "1", "METRICS_TOKEN": "secret"}
    line = 'syllabus_task_seconds_count{task="config.celery.debug_task"} 5.0'
    with working(tmp_path, **variables):
        for _ in range(5):
            debug_task.delay()
        until(lambda: line in get(operators, "/metrics", Authorization="Bearer secret")[1])
        assert get(operators, "/metrics")[0] == 401
        assert get(operators, "/health/live") == (200, '{"status": "ok"}')
        assert json.loads(get(operators, "/health/ready")[1])["checks"]["workers"] == "ok"
        assert get(operators, "/api/v1/courses/")[0] == 404


def test_another_server_answers_live_while_its_threads_wait_for_a_table(operators):
    path = f"/api/v1/courses/{CourseFactory().pk}/reviews/"
    variables = {"OPERATOR_PORT": str(operators), "DB_LOCK_TIMEOUT": "0", "THROTTLE_ANON": "off"}
    with serving("granian", **variables) as port, ThreadPoolExecutor(8) as pool:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE courses_review")
            reads = [pool.submit(get, port, path) for _ in range(8)]
            until(a_session_waits_for_a_lock)
            assert [get(operators, "/health/live")[0] for _ in range(5)] == [200] * 5
            assert get(operators, "/health/ready")[0] == 200
            assert get(operators, "/metrics")[0] == 404  # METRICS_ENABLED is off
        assert [read.result()[0] for read in reads] == [200] * 8
