"""Whatever is killed or away at whatever moment, in the end every price is right.

Real workers, a real broker, real kills. A run is caught in its middle by a lock on the table: it has
chosen and locked a chunk, and waits to write it.
"""

from __future__ import annotations

import shlex
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
import redis
from django.conf import settings
from django.db import connection, transaction

from config.environment import ROOT
from devtools.embedded.wheels import redis_server_binary
from services import tasks
from services.models import Plan, Recalculation, Service, Subscription
from tests.services.checks import wrong_prices
from tests.services.factories import PlanFactory, ServiceFactory, make_subscriptions
from tests.support.processes import child_environment
from tests.support.waiting import until
from tests.support.workers import working

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

CONVERGENCE_SECONDS = 60
ROWS = 50


@pytest.fixture
def service():
    service = ServiceFactory(full_price=100)
    make_subscriptions(ROWS, service=service, plan=PlanFactory(discount_percent=10))
    return service


def set_price(service: Service, price: int) -> None:
    service.full_price = price
    service.save()


def converged() -> bool:
    return not wrong_prices()


def assert_converges(price: int | None = None) -> None:
    until(converged, CONVERGENCE_SECONDS)
    if price is not None:
        assert {row.price for row in Subscription.objects.all()} == {price}
    until(lambda: not locks_left())
    until(lambda: not Recalculation.objects.filter(finished_at=None).exists(), CONVERGENCE_SECONDS)


def locks_left() -> list[str]:
    with redis.Redis.from_url(settings.CELERY_BROKER_URL, decode_responses=True) as client:
        return client.keys("SINGLETONLOCK_*")


@contextmanager
def a_run_in_its_middle():
    """Hold every run at the moment when it would write its first chunk."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE services_subscription IN SHARE MODE")

        def is_in_its_middle():
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE wait_event_type = 'Lock' AND query LIKE '%%UPDATE services_subscription%%'"
            )
            return cursor.fetchone()[0] > 0

        yield lambda: until(is_in_its_middle)


def test_a_saved_service_is_followed(service, tmp_path):
    with working(tmp_path):
        set_price(service, 200)
        assert_converges(180)


def test_a_saved_plan_is_followed(service, tmp_path):
    with working(tmp_path):
        plan = Plan.objects.get()
        plan.discount_percent = 50
        plan.save()
        assert_converges(50)


def save_elsewhere(price: int, *, then: str = "pass", **env: str) -> subprocess.CompletedProcess:
    """Save the price in a process of its own, which ``then`` may kill."""
    script = f"""
import os, signal, django
django.setup()
from services.models import Service
from django.db import transaction
service = Service.objects.get()
service.full_price = {price}
with transaction.atomic():
    {then}
    service.save()
"""
    return subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=child_environment(**env), check=False)


def test_a_change_during_a_run_causes_another(service, tmp_path):
    with working(tmp_path) as worker:
        with a_run_in_its_middle() as wait:
            save_elsewhere(200)
            wait()
            save_elsewhere(300)
        assert_converges(270)
        # Not how many succeed: on a busy machine the first waits for its lock until it gives up.
        until(lambda: len(worker.received("services.tasks.recalculate")) >= 2)


def test_a_worker_survives_a_broker_that_is_lost_during_a_run(own_redis, service, tmp_path):
    start, stop = own_redis
    start()
    broker = {"CELERY_BROKER_URL": settings.CELERY_BROKER_URL}
    with working(tmp_path, **broker) as worker:
        with a_run_in_its_middle() as wait:
            save_elsewhere(200, **broker)
            wait()
            stop()
            until(lambda: "Connection to broker lost" in worker.log)
            start()
            until(lambda: worker.log.count("Connected to ") > 1 or worker.process.poll() is not None)
            assert worker.process.poll() is None, worker.log[-3000:]
        assert_converges(180)
        save_elsewhere(300, **broker)
        assert_converges(270)


def test_a_to_b_to_a_ends_at_a(service, tmp_path):
    with working(tmp_path):
        for price in (200, 100, 200, 100):
            set_price(service, price)
        assert_converges(90)


def test_200_saves_cost_a_run_or_two(service, tmp_path):
    with working(tmp_path) as worker:
        started = time.monotonic()
        for price in range(1, 201):
            set_price(service, price)
        seconds = time.monotonic() - started
        assert_converges(180)
        assert worker.runs("services.tasks.recalculate") <= 2 + seconds // 2  # one every two seconds


def test_a_killed_child_of_the_worker_is_made_up_for(service, tmp_path):
    with working(tmp_path, concurrency=1, beat=True) as worker:
        with a_run_in_its_middle() as wait:
            save_elsewhere(200)
            wait()
            for child in worker.children():
                child.kill()
        assert_converges(180)


def test_a_killed_worker_is_made_up_for_by_the_next(service, tmp_path):
    with working(tmp_path, name="killed") as worker, a_run_in_its_middle() as wait:
        save_elsewhere(200)
        wait()
        worker.kill()
    with working(tmp_path, beat=True):
        assert_converges(180)


def test_a_process_killed_between_commit_and_publish_is_made_up_for(service, tmp_path):
    kill = "transaction.on_commit(lambda: os.kill(os.getpid(), signal.SIGKILL))"
    with working(tmp_path, beat=True):
        assert save_elsewhere(200, then=kill).returncode == -9
        assert Service.objects.get().full_price == 200
        assert_converges(180)


def test_a_change_that_django_does_not_see_is_followed(service, tmp_path):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE services_service SET full_price = 300")
    with working(tmp_path, beat=True):
        assert_converges(270)


def test_the_same_message_twice_changes_nothing(service, tmp_path):
    set_price(service, 200)
    with redis.Redis.from_url(settings.CELERY_BROKER_URL) as client:
        client.lpush("prices", *client.lrange("prices", 0, -1))
        assert client.llen("prices") == 2
    with working(tmp_path) as worker:
        until(lambda: worker.runs("services.tasks.recalculate") == 2)
        assert_converges(180)


def test_a_subscription_deleted_before_its_turn_is_no_error(service, tmp_path):
    row = Subscription.objects.first()
    for task in (tasks.set_price, tasks.set_comment):
        task.delay(row.pk)
    row.delete()
    with working(tmp_path) as worker:
        for name in ("set_price", "set_comment"):
            until(lambda name=name: worker.runs(f"services.tasks.{name}") == 1)
        assert "ERROR" not in worker.log
        assert_converges()


def test_price_and_comment_set_at_once_keep_each_other(service, tmp_path):
    Plan.objects.update(discount_percent=20)
    rows = list(Subscription.objects.all())
    for row in rows:
        tasks.set_price.delay(row.pk)
        tasks.set_comment.delay(row.pk)
    with working(tmp_path) as worker:
        until(lambda: worker.runs("services.tasks.set_price") == len(rows))
        until(lambda: worker.runs("services.tasks.set_comment") == len(rows))
        assert_converges(80)
    assert all(row.comment for row in Subscription.objects.all())


@pytest.fixture
def own_broker(tmp_path):
    """A broker that the test may stop and start."""
    broker = Broker(tmp_path)
    broker.start()
    yield broker
    broker.stop()


class Broker:
    def __init__(self, folder) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.port = server.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder

    def start(self) -> None:
        options = f"--port {self.port} --bind 127.0.0.1 --save '' --dir {self._folder}"
        self._process = subprocess.Popen(
            [str(redis_server_binary()), *shlex.split(options)], stdout=subprocess.DEVNULL
        )
        until(self._answers)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def _answers(self) -> bool:
        with redis.Redis.from_url(self.url) as client:
            try:
                return client.ping()
            except redis.ConnectionError:
                return False


def test_a_broker_that_was_away_during_the_save_is_made_up_for(service, tmp_path, own_broker):
    with working(tmp_path, beat=True, CELERY_BROKER_URL=own_broker.url):
        own_broker.stop()
        assert save_elsewhere(200, CELERY_BROKER_URL=own_broker.url).returncode == 0
        assert Service.objects.get().full_price == 200
        assert wrong_prices()
        own_broker.start()
        started = time.monotonic()
        assert_converges(180)
        assert time.monotonic() - started < CONVERGENCE_SECONDS
