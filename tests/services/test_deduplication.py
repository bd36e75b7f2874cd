"""The lock of a waiting message: owned, expiring, given back when the run begins."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading

import pytest
import redis
from django.conf import settings
from kombu.exceptions import OperationalError

from config.environment import ROOT
from services import deduplication, tasks
from tests.support.processes import child_environment

QUEUE = "prices"


@pytest.fixture
def broker_redis():
    with redis.Redis.from_url(settings.CELERY_BROKER_URL, decode_responses=True) as client:
        yield client


def lock_of(task, *args):
    return task.generate_lock(task.name, list(args), {})


def test_one_message_waits_however_often_it_is_sent(broker_redis):
    results = [tasks.recalculate.delay() for _ in range(20)]
    assert broker_redis.llen(QUEUE) == 1
    assert len({result.id for result in results}) == 1


def test_messages_with_other_arguments_wait_too(broker_redis):
    for pk in (1, 2, 1):
        tasks.set_price.delay(pk)
    assert broker_redis.llen(QUEUE) == 2


def test_a_change_during_the_run_sends_another_message(broker_redis):
    first = tasks.recalculate.delay()
    tasks.recalculate.before_start(first.id, [], {})  # the worker takes it
    second = tasks.recalculate.delay()
    assert second.id != first.id
    assert broker_redis.llen(QUEUE) == 2


def test_the_end_of_a_run_leaves_its_successors_lock(broker_redis):
    first = tasks.recalculate.delay()
    tasks.recalculate.before_start(first.id, [], {})
    second = tasks.recalculate.delay()
    tasks.recalculate.on_success(None, first.id, [], {})
    tasks.recalculate.on_failure(None, first.id, [], {}, None)
    assert broker_redis.get(lock_of(tasks.recalculate)) == second.id


def test_the_same_message_twice_leaves_the_lock_of_another(broker_redis):
    first = tasks.recalculate.delay()
    tasks.recalculate.before_start(first.id, [], {})
    second = tasks.recalculate.delay()
    tasks.recalculate.before_start(first.id, [], {})  # delivered again
    assert broker_redis.get(lock_of(tasks.recalculate)) == second.id


def test_every_lock_expires(broker_redis):
    tasks.recalculate.delay()
    assert 0 < broker_redis.ttl(lock_of(tasks.recalculate)) <= deduplication.LOCK_EXPIRY_SECONDS


def test_a_message_that_is_not_sent_leaves_no_lock(broker_redis, monkeypatch):
    def refuse(*args, **kwargs):
        raise OperationalError("the broker is full")

    monkeypatch.setattr("celery.app.task.Task.apply_async", refuse)
    with pytest.raises(OperationalError):
        tasks.recalculate.delay()
    assert broker_redis.keys("SINGLETONLOCK_*") == []


def test_the_worker_uses_these_locks():
    assert isinstance(tasks.recalculate.singleton_backend, deduplication.OwnedLocks)


@pytest.fixture
def hung_port():
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        taken, ended = [], threading.Event()

        def take():
            while not ended.is_set():
                try:
                    taken.append(server.accept()[0])
                except TimeoutError:
                    continue

        thread = threading.Thread(target=take)
        thread.start()
        yield server.getsockname()[1]
        ended.set()
        thread.join()
        for connection in taken:
            connection.close()


@pytest.fixture
def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


PUBLISHING = """
import json, sys, time, django
django.setup()
from kombu.exceptions import OperationalError
from services import tasks

def seconds(function, *args):
    started = time.monotonic()
    try:
        function(*args)
        raised = None
    except Exception as error:
        raised = type(error).__name__
    return time.monotonic() - started, raised

for task in (tasks.recalculate, tasks.repair):
    seconds(task.delay)  # the first of a process also imports what it needs
delays = [seconds(task.delay) for task in (tasks.recalculate, tasks.repair)]
saves = [seconds(tasks.recalculate.publish) for _ in range(50)]
json.dump({"delays": delays, "saves": saves}, sys.stdout)
"""


@pytest.fixture(params=["refusing", "hung"])
def publishing(request, db):
    """What a process measures whose broker is away."""
    port = request.getfixturevalue("closed_port" if request.param == "refusing" else "hung_port")
    done = subprocess.run(
        [sys.executable, "-c", PUBLISHING],
        cwd=ROOT,
        env=child_environment(CELERY_BROKER_URL=f"redis://127.0.0.1:{port}/0"),
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout)


def test_a_broker_that_is_away_costs_a_caller_at_most_a_second_and_a_half(publishing):
    for seconds, raised in publishing["delays"]:
        assert raised == "OperationalError"
        assert seconds < 1.5


def test_a_broker_that_is_away_costs_two_saves_a_moment_and_the_others_nothing(publishing):
    assert {raised for _, raised in publishing["saves"]} == {None}
    assert all(seconds < 1.5 for seconds, _ in publishing["saves"][:2])
    assert sum(seconds for seconds, _ in publishing["saves"][2:]) < 0.5
