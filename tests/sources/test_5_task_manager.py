"""Source 5, "Backend — Task Manager", by its headings.

Lists, tasks, assignees, deadlines, completion: tests/tasks. Sessions, the link to Telegram by a token that
works once: tests/accounts/test_linking.py, test_telegram_webhook.py.
"""

from __future__ import annotations

import shutil
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import redis
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from config.celery import debug_task
from config.environment import ROOT
from courses.models import Certificate
from services.models import Subscription
from tasks import tasks
from tests import factories
from tests.devtools.processes import environment, state
from tests.services.factories import PlanFactory, ServiceFactory, make_subscriptions
from tests.support.uvicorn_server import uvicorn
from tests.support.waiting import until
from tests.support.workers import working
from tests.tasks.factories import LinkedUserFactory, TaskFactory
from tests.topics.factories import TopicFactory

__all__ = ["state"]
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
RESULTS = "celery-task-meta-*"


# --- Установка и запуск: uv ------------------------------------------------------------------------


@pytest.fixture
def clone(tmp_path):
    """The files of the checkout that git would clone, changes included."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (tmp_path / "clone" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / "clone" / name)
    return tmp_path / "clone"


@pytest.mark.skipif(shutil.which("uv") is None, reason="needs uv (pip install uv), and downloads packages")
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="needs git's list of files")
def test_uv_sync_and_uv_run_in_a_fresh_clone_and_make_afterwards(clone, state):
    def run(*words: str) -> str:
        done = subprocess.run(words, cwd=clone, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    env = environment(state, DJANGO_SUPERUSER_PASSWORD="Learn-4-fun")
    env.pop("VIRTUAL_ENV", None)
    shutil.copy(clone / ".env.example", clone / ".env")
    run("uv", "sync")
    assert "OK" in run("uv", "run", "python", "manage.py", "migrate")
    boss = ["--noinput", "--username=boss", "--email=boss@example.com"]
    assert "created" in run("uv", "run", "python", "manage.py", "createsuperuser", *boss)
    assert "Installing" not in run("make", "install")  # nothing is missing
    run("uv", "sync", "--no-dev")
    assert "Installing" in run("make", "install")
    run("uv", "run", "--no-sync", "python", "-c", "import pytest")


# --- Установка и запуск: uvicorn config.asgi:application --host 127.0.0.1 --port 8000 --------------


def test_uvicorn_serves_the_cache_rates_request_ids_static_files_and_pages(tmp_path, port):
    course = factories.CourseFactory()
    TopicFactory(name="Cooking")
    browser = Client()
    browser.force_login(factories.UserFactory())
    with uvicorn(tmp_path, port, DEBUG="1", THROTTLE_COURSES_TOP="2/min") as server:
        detail = f"/api/v1/courses/{course.pk}/"
        assert [server.get(detail).headers["x-cache"] for _ in range(3)] == ["MISS", "HIT", "HIT"]

        assert "X-Cache" in dict(server.get(detail).headers)  # as `grep X-Cache` wants it

        assert server.get(detail, X_Request_ID="my-own-1").headers["x-request-id"] == "my-own-1"
        assert server.get(detail).headers["x-request-id"]

        top = [server.get("/api/v1/courses/top/") for _ in range(3)]
        assert [response.status for response in top] == [200, 200, 429]
        assert int(top[2].headers["retry-after"]) in range(1, 61)
        assert top[2].headers["content-type"] == "application/problem+json"

        css = server.get("/static/admin/css/base.css")
        assert (css.status, css.headers["content-type"]) == (200, 'text/css; charset="utf-8"')

        cookie = f"sessionid={browser.cookies['sessionid'].value}"
        page = server.get("/topics/", Cookie=cookie)
        assert (page.status, b"Cooking" in page.body) == (200, True)
        assert "Traceback" not in server.log


def test_uvicorn_answers_400_requests_40_at_once_on_bounded_database_connections(tmp_path, port):
    """Reads past the cache: each needs the database. faults.md D1: 100 idle connections, then 503."""
    courses = factories.CourseFactory.create_batch(20)
    limit = 5
    seen: list[int] = []
    done = threading.Event()
    rates = {"THROTTLE_ANON": "100000/min", "THROTTLE_USER": "100000/min"}
    with (
        uvicorn(tmp_path, port, ASGI_MAX_REQUESTS=str(limit), **rates) as server,
        ThreadPoolExecutor(41) as pool,
    ):
        counting = pool.submit(count_connections, seen, done)
        paths = [f"/api/v1/courses/{courses[number % 20].pk}/reviews/" for number in range(400)]
        statuses = [response.status for response in pool.map(server.get, paths)]
        done.set()
        counting.result()
        assert statuses == [200] * 400
        assert 1 < max(seen) <= 2 * limit  # one that ends is still counted for a moment
        until(lambda: connections_of_others() == 0)  # none is kept


def connections_of_others() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        return cursor.fetchone()[0]


def count_connections(seen: list[int], done: threading.Event) -> None:
    """Count until ``done``, but for this thread's own connection and that of the test."""
    try:
        while not done.is_set():
            seen.append(connections_of_others() - 1)
    finally:
        connection.close()


# --- Запуск Celery: --pool=solo, --pool=threads -c 4 -----------------------------------------------


@pytest.mark.parametrize("pool", ["solo", "threads"])
def test_worker_of_this_pool_does_a_price_change_a_certificate_and_a_reminder(pool, tmp_path, telegram):
    service = ServiceFactory(full_price=100)
    make_subscriptions(5, service=service, plan=PlanFactory(discount_percent=10))
    enrollment = factories.EnrollmentFactory()
    task = TaskFactory(assigned_to=LinkedUserFactory(), deadline=timezone.now() + timedelta(minutes=30))
    bot = {name: getattr(settings, name) for name in ("TELEGRAM_API_URL", "TELEGRAM_BOT_TOKEN")}
    with working(tmp_path, pool=pool, concurrency=4, MEDIA_ROOT=str(tmp_path / "media"), **bot) as worker:
        change_price(service.pk, 200)
        complete(enrollment)
        tasks.watch_deadlines.delay()
        until(lambda: set(Subscription.objects.values_list("price", flat=True)) == {180})
        until(lambda: Certificate.objects.exclude(file="").exists())
        until(lambda: telegram.messages)
        assert [chat for chat, _ in telegram.messages] == [700_000_000 + task.assigned_to_id]
        assert "ERROR" not in worker.log
        assert "Traceback" not in worker.log
    assert results() == []  # the product's own tasks keep none


def change_price(service_id: int, price: int) -> None:
    staff = APIClient()
    staff.force_authenticate(User.objects.create_superuser("boss"))
    body = {"full_price": price}
    assert staff.patch(f"/api/v1/services/{service_id}/", body, format="json").status_code == 200


def complete(enrollment) -> None:
    learner = APIClient()
    learner.force_authenticate(enrollment.user)
    response = learner.post(f"/api/v1/courses/{enrollment.course_id}/complete/")
    assert response.status_code < 300, response.content


def results() -> list[bytes]:
    """Keys of the results that tasks have kept."""
    with redis.Redis.from_url(settings.CELERY_BROKER_URL) as client:
        return client.keys(RESULTS)


def test_result_of_debug_task_can_be_read_and_expires(tmp_path):
    with working(tmp_path, pool="solo"):
        result = debug_task.delay()
        assert result.get(timeout=30) == "Hello from debug_task"
    [key] = results()
    with redis.Redis.from_url(settings.CELERY_BROKER_URL) as client:
        assert 0 < client.ttl(key) <= 3600
