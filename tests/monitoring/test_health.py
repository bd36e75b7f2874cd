"""The two health addresses, with what they check away, hanging, or there."""

import threading
import time

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from redis.connection import Connection

from caching.models import Outbox
from config.environment import state_dir
from core import beat, draining, redis_state
from core.worker import QUEUES_KEY
from monitoring import deadlines, probes
from tests.devtools.processes import hanging, server_process
from tests.support.waiting import until
from tests.support.workers import working


@pytest.fixture
def _everything_there():
    """Beat and workers of all queues have just recorded that they run."""
    now = time.time()
    redis_state.server().command("SET", beat.LAST_RUN_KEY, now)
    seen = [word for queue in settings.CELERY_TASK_QUEUES for word in (queue.name, now)]
    redis_state.server().command("HSET", QUEUES_KEY, *seen)


def ready(client) -> dict:
    response = client.get("/health/ready")
    assert response.status_code == 200, response.json()
    return response.json()


def test_live_is_ok_and_touches_nothing(client, monkeypatch):
    connect, here = Connection.connect, threading.current_thread()

    def refuse(connection):  # but not to the breakers of earlier tests, whose threads may still probe
        if threading.current_thread() is here:
            pytest.fail("it connects to Redis")
        return connect(connection)

    monkeypatch.setattr(Connection, "connect", refuse)
    assert client.get("/health/live").json() == {"status": "ok"}  # no database: not marked django_db


@pytest.mark.django_db
@pytest.mark.usefixtures("_everything_there")
def test_ready_is_ok_with_everything_there(client):
    response = client.get("/health/ready")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "checks": dict.fromkeys(probes.CHECKS, "ok"), "reasons": {}}
    assert "no-cache" in response["Cache-Control"]


@pytest.mark.django_db
def test_ready_is_degraded_without_workers_and_beat(client):
    assert ready(client) == {
        "status": "degraded",
        "checks": dict.fromkeys(probes.CHECKS, "ok") | {"workers": "degraded", "beat": "degraded"},
        "reasons": {
            "workers": "No worker serves default, prices, outgoing.",
            "beat": "Beat has never run.",
        },
    }


@pytest.mark.django_db
@pytest.mark.usefixtures("_everything_there")
def test_ready_names_a_queue_without_a_worker_and_a_beat_that_is_silent(client):
    redis_state.server().command("HSET", QUEUES_KEY, "outgoing", time.time() - 60)
    redis_state.server().command("SET", beat.LAST_RUN_KEY, time.time() - 300)
    reasons = ready(client)["reasons"]
    assert reasons == {"workers": "No worker serves outgoing.", "beat": "Beat last ran 300 s ago."}


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_everything_there")
def test_ready_is_degraded_while_invalidations_wait_and_migrations_are_missing(client):
    Outbox.objects.create(node=["x"], created_at=timezone.now() - timezone.timedelta(minutes=5))
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'topics' RETURNING app, name, applied")
        rows = cursor.fetchall()
    probes.all_applied.clear()
    try:
        reasons = ready(client)["reasons"]
        assert reasons["outbox"] == "1 invalidations wait for Redis, the oldest for 300 s."
        assert reasons["migrations"].startswith(f"{len(rows)} migrations are not applied")
    finally:
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)", rows)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_everything_there")
def test_ready_is_degraded_while_the_database_is_read_only(client, monkeypatch):
    options = {**connection.settings_dict["OPTIONS"]}
    options["options"] += " -c default_transaction_read_only=on"
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)
    assert ready(client)["checks"] == dict.fromkeys(probes.CHECKS, "ok") | {"postgresql": "degraded"}
    assert "read-only" in ready(client)["reasons"]["postgresql"]


@pytest.mark.django_db
@pytest.mark.usefixtures("_everything_there")
def test_ready_is_503_while_the_server_is_about_to_stop(client):
    draining.begin()
    try:
        response = client.get("/health/ready")
    finally:
        draining._flag[0] = 0
    assert (response.status_code, response.json()["status"]) == (503, "draining")


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_a_worker_and_beat_make_it_ok(client, tmp_path):
    with working(tmp_path, beat=True, queues="default,prices"):
        until(lambda: set(ready(client)["reasons"]) == {"workers"})
        assert ready(client)["reasons"]["workers"] == "No worker serves outgoing."


@pytest.mark.django_db
@pytest.mark.slow
def test_ready_is_degraded_and_quick_while_redis_hangs(client):
    with hanging(server_process(state_dir(), "REDIS_URL")):
        for _ in range(3):
            began = time.monotonic()
            response = client.get("/health/ready")
            assert time.monotonic() - began < deadlines.DEADLINE_SECONDS + 0.5
            assert response.status_code == 200
            away = dict.fromkeys(("redis", "workers", "beat"), "degraded")
            assert response.json()["checks"] == dict.fromkeys(probes.CHECKS, "ok") | away
    wait_for_idle_checks()
    assert client.get("/health/ready").json()["checks"]["redis"] == "ok"


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_ready_is_503_and_quick_while_postgresql_hangs(client):
    with hanging(server_process(state_dir(), "DATABASE_URL")):
        began = time.monotonic()
        response = client.get("/health/ready")
        assert time.monotonic() - began < deadlines.DEADLINE_SECONDS + 0.5
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
        # And the threads of the cache, which may begin at any request.
        assert threading.active_count() <= before + len(probes.CHECKS) + 2
    wait_for_idle_checks()


def wait_for_idle_checks() -> None:
    for question in probes.CHECKS.values():
        question.thread.submit(lambda: None).result(timeout=30)


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_only_reading_is_allowed(client, path):
    assert client.post(path).status_code == 405
