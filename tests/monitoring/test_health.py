"""The two health addresses, with what they check away, hanging, or there."""

import threading
import time
from contextlib import contextmanager

import psutil
import pytest
from celery.contrib.testing.worker import start_worker
from django.db import connection
from redis.connection import Connection

from config.celery import app
from config.environment import state_dir
from monitoring import probes
from tests.devtools.processes import server_process
from tests.support.waiting import until


@contextmanager
def hanging(server: psutil.Process):
    """A server, with its sessions, that takes connections and answers nothing."""
    processes = [server, *server.children(recursive=True)]
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        for process in processes:
            process.resume()


@pytest.fixture
def _worker():
    with start_worker(app, pool="solo", perform_ping_check=False, shutdown_timeout=20):
        until(lambda: app.control.ping(timeout=1, limit=1))
        yield


def test_live_is_ok_and_touches_nothing(client, monkeypatch):
    connect, here = Connection.connect, threading.current_thread()

    def refuse(connection):  # but not to the breakers of earlier tests, whose threads may still probe
        if threading.current_thread() is here:
            pytest.fail("it connects to Redis")
        return connect(connection)

    monkeypatch.setattr(Connection, "connect", refuse)
    assert client.get("/health/live").json() == {"status": "ok"}  # no database: not marked django_db


@pytest.mark.django_db
@pytest.mark.usefixtures("_worker")
def test_ready_is_ok_with_everything_there(client):
    response = client.get("/health/ready")
    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "checks": {"postgresql": "ok", "redis": "ok", "workers": "ok"},
    }
    assert "no-cache" in response["Cache-Control"]


@pytest.mark.django_db
def test_ready_is_degraded_without_a_worker(client):
    response = client.get("/health/ready")
    assert response.status_code == 200
    assert response.json() == {
        "status": "degraded",
        "checks": {"postgresql": "ok", "redis": "ok", "workers": "degraded"},
    }


@pytest.mark.django_db
@pytest.mark.slow
def test_ready_is_degraded_and_quick_while_redis_hangs(client):
    with hanging(server_process(state_dir(), "REDIS_URL")):
        for _ in range(3):
            began = time.monotonic()
            response = client.get("/health/ready")
            assert time.monotonic() - began < probes.DEADLINE_SECONDS + 0.5
            assert response.status_code == 200
            assert response.json()["checks"] == {
                "postgresql": "ok",
                "redis": "degraded",
                "workers": "degraded",
            }
    wait_for_idle_checks()
    assert client.get("/health/ready").json()["checks"]["redis"] == "ok"


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_ready_is_503_and_quick_while_postgresql_hangs(client):
    with hanging(server_process(state_dir(), "DATABASE_URL")):
        began = time.monotonic()
        response = client.get("/health/ready")
        assert time.monotonic() - began < probes.DEADLINE_SECONDS + 0.5
    assert response.status_code == 503
    assert response.json()["status"] == "unavailable"
    assert response.json()["checks"]["postgresql"] == "unavailable"
    wait_for_idle_checks()
    assert client.get("/health/ready").status_code == 200


@pytest.mark.django_db
def test_ready_is_503_without_postgresql(client, monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")
    response = client.get("/health/ready")
    assert response.status_code == 503
    assert response.json()["checks"]["postgresql"] == "unavailable"


@pytest.mark.django_db
def test_checks_that_hang_do_not_pile_up_threads(client):
    before = threading.active_count()
    with hanging(server_process(state_dir(), "REDIS_URL")):
        for _ in range(3):
            client.get("/health/ready")
        assert threading.active_count() <= before + len(probes.CHECKS)
    wait_for_idle_checks()


def wait_for_idle_checks() -> None:
    for _, thread in probes.CHECKS.values():
        thread.submit(lambda: None).result(timeout=30)


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_only_reading_is_allowed(client, path):
    assert client.post(path).status_code == 405
