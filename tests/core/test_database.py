"""PostgreSQL's timeouts: of requests, of longer work, and what they answer."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading

import psycopg2
import pytest
from django.db import InternalError, OperationalError, connection, transaction
from django.test import Client

from accounts.models import Session
from config.environment import ROOT
from core.database import check_timeouts, session_statement_timeout, statement_timeout
from core.management.commands.migrate import LOCK_NUMBER
from tests.courses.factories import CourseFactory
from tests.support.processes import child_environment
from tests.support.waiting import until

STATEMENT_TIMEOUT = "2min"  # of tests/settings.py


def shown(name):
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
def test_a_session_has_the_timeouts_of_the_settings():
    connection.close()
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    assert [shown(name) for name in names] == [STATEMENT_TIMEOUT, "5s", "1min"]


@pytest.mark.django_db(transaction=True)
def test_longer_work_takes_its_own_timeout_and_leaves_none_behind():
    with statement_timeout(40):
        assert shown("statement_timeout") == "40s"
    assert shown("statement_timeout") == STATEMENT_TIMEOUT
    with session_statement_timeout(0):
        assert shown("statement_timeout") == "0"
        connection.close()
        assert shown("statement_timeout") == "0"
    assert shown("statement_timeout") == STATEMENT_TIMEOUT


@pytest.mark.django_db(transaction=True)
def test_a_new_connection_is_in_utc_without_a_statement():
    given = connection.get_connection_params()
    given["options"] += " -c timezone=Asia/Tokyo"
    with contextlib.closing(psycopg2.connect(**given)) as opened:
        assert opened.info.parameter_status("TimeZone") == "UTC"


@pytest.fixture
def _impatient(monkeypatch):
    """The server cancels statements of this process after 0.3 s, and waits for locks 0.2 s."""
    options = {**connection.settings_dict["OPTIONS"]}
    options["options"] += " -c statement_timeout=300 -c lock_timeout=200"
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)
    yield
    connection.close()


class HeldTable:
    """A table that another session has locked, in a block."""

    def __init__(self, table, mode="ACCESS EXCLUSIVE"):
        self.statement = f"LOCK TABLE {table} IN {mode} MODE"
        self.held, self.done = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self.hold)

    def hold(self):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(self.statement)
            self.held.set()
            self.done.wait(30)
        connection.close()

    def __enter__(self):
        self.thread.start()
        assert self.held.wait(10)

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_impatient")
def test_a_locked_table_is_a_503_problem_of_the_api_and_a_503_page_elsewhere(admin_client):
    course = CourseFactory()
    with HeldTable("courses_review"):
        response = Client().get(f"/api/v1/courses/{course.pk}/reviews/")
    assert (response.status_code, response["Retry-After"]) == (503, "1")
    assert response["Content-Type"] == "application/problem+json"
    with HeldTable("courses_category"):
        page = admin_client.get("/admin/courses/category/")
    assert (page.status_code, page["Retry-After"]) == (503, "1")
    assert b"Unavailable for a moment" in page.content


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_impatient")
def test_a_session_that_cannot_be_saved_is_a_503_page(settings, admin_client):
    """Its middleware fails, not a view."""
    settings.SESSION_SAVE_EVERY_REQUEST = True
    admin_client.raise_request_exception = False
    with HeldTable(Session._meta.db_table, "SHARE"):  # it can be read
        page = admin_client.get("/topics/")
    assert (page.status_code, page["Retry-After"]) == (503, "1")
    assert b"Unavailable for a moment" in page.content


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_impatient")
def test_a_slow_statement_is_cancelled():
    with pytest.raises(OperationalError) as raised, connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(60)")
    assert raised.value.__cause__.pgcode == "57014"


@pytest.mark.django_db(transaction=True)
def test_a_write_to_a_read_only_database_is_503_and_a_read_is_answered(admin_client, monkeypatch):
    course = CourseFactory()
    options = {**connection.settings_dict["OPTIONS"]}
    options["options"] += " -c default_transaction_read_only=on"
    connection.close()
    with monkeypatch.context() as patched:
        patched.setitem(connection.settings_dict, "OPTIONS", options)
        response = admin_client.patch(
            f"/api/v1/courses/{course.pk}/", {"title": "Other"}, content_type="application/json"
        )
        assert (response.status_code, response["Retry-After"]) == (503, "30")
        assert "read-only" in response.json()["detail"]
        assert admin_client.post("/topics/create/", {"name": "New"}).status_code == 503
        assert admin_client.get(f"/api/v1/courses/{course.pk}/").status_code == 200
        with pytest.raises(InternalError), connection.cursor() as cursor:
            cursor.execute("CREATE TABLE none (id int)")
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_a_pooler_without_timeouts_is_a_warning(settings):
    settings.DB_POOLER = True
    with session_statement_timeout(0):
        assert check_timeouts(databases=["default"]) == []  # the session has them from the connection
    with statement_timeout(0):
        assert [found.id for found in check_timeouts(databases=["default"])] == ["core.W001"]
    assert check_timeouts() == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_two_migrate_at_once_both_succeed_and_one_has_waited(tmp_path):
    """A third session holds the lock until both wait for it."""
    words = [sys.executable, "manage.py", "migrate", "--noinput"]
    outputs = [tmp_path / name for name in "ab"]
    with contextlib.ExitStack() as stack, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK_NUMBER])
        files = [stack.enter_context(path.open("w")) for path in outputs]
        started = [subprocess.Popen(words, cwd=ROOT, env=child_environment(), stdout=file) for file in files]
        until(lambda: all("Waiting" in path.read_text() for path in outputs))
        cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK_NUMBER])
        assert [process.wait(60) for process in started] == [0, 0]
    # In a new database the first one applies them all.
    assert any("No migrations to apply" in path.read_text() for path in outputs)
