"""The project behind pgbouncer in transaction pooling (DB_POOLER=1)."""

from __future__ import annotations

import subprocess
import sys

import psycopg2
import pytest
from django.db import connection

from config.environment import ROOT
from tests.courses.factories import CourseFactory
from tests.support.pgbouncer import needs_pgbouncer, pgbouncer
from tests.support.processes import child_environment

pytestmark = [needs_pgbouncer, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

# Twenty readers on a pool of two, a row by a server-side cursor where those are on, a timeout, a cancelled
# statement, and a write that a cached reader sees.
PROGRAM = """
import sys
from concurrent.futures import ThreadPoolExecutor
import django
django.setup()
from django.db import OperationalError, connection
from core.database import statement_timeout
from courses.cache import course_detail
from courses.models import Course

def count(_):
    try:
        return sum(1 for _ in Course.objects.iterator())
    finally:
        connection.close()

with ThreadPoolExecutor(20) as pool:
    assert list(pool.map(count, range(60))) == [1] * 60
course = Course.objects.get()
assert course_detail.get(pk=course.pk).x_cache == "MISS"
assert course_detail.get(pk=course.pk).x_cache == "HIT"
Course.objects.filter(pk=course.pk).update(title="Written through the pooler")
assert course_detail.get(pk=course.pk).value["title"] == "Written through the pooler"

with connection.cursor() as cursor:
    cursor.execute("SHOW statement_timeout")
    print(cursor.fetchone()[0])
with statement_timeout(0.1):
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(60)")
    except OperationalError as error:
        print(error.__cause__.pgcode)
"""


def run(*words, url, **variables):
    environment = child_environment(**variables) | {"DATABASE_URL": url, "DB_POOLER": "1"}
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def _no_timeouts_of_the_role():
    yield
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_user), quote_ident(current_database())")
        cursor.execute("ALTER ROLE {} IN DATABASE {} RESET ALL".format(*cursor.fetchone()))


@pytest.mark.usefixtures("_no_timeouts_of_the_role")
def test_requests_tasks_and_commands_work_and_the_role_has_the_timeouts():
    CourseFactory()
    with pgbouncer(pool_size=2) as pooler:
        checked = run("manage.py", "check", "--database", "default", url=pooler.url)
        assert "core.W001" in checked.stderr
        stored = run("manage.py", "dbtimeouts", url=pooler.url, DB_STATEMENT_TIMEOUT="7")
        assert "statement_timeout = 7 s" in stored.stdout, stored.stderr
    with pgbouncer(pool_size=2) as pooler:  # new sessions
        checked = run("manage.py", "check", "--database", "default", url=pooler.url)
        assert checked.returncode == 0
        assert "core.W001" not in checked.stderr
        done = run("-c", PROGRAM, url=pooler.url)
        assert done.stdout.split() == ["7s", "57014"], done.stderr
        assert run("manage.py", "migrate", url=pooler.url).returncode == 0
        assert '"model": "courses.course"' in run("manage.py", "dumpdata", "courses", url=pooler.url).stdout


def test_a_connection_that_brings_its_timeouts_is_refused_by_the_pooler():
    """So DB_POOLER=1 is needed, and its lack cannot be overlooked."""
    with pgbouncer() as pooler, pytest.raises(psycopg2.OperationalError, match="startup parameter"):
        psycopg2.connect(pooler.url, options=connection.settings_dict["OPTIONS"]["options"])
