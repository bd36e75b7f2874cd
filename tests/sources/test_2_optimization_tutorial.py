"""Source 2, the tutorial "Django_optimization", by its thirteen steps.

4 clients, 5 services: tests/clients, tests/services/test_views.py. 7 annotate and aggregate: the totals in
tests/services/test_views.py. 9 tasks and Singleton, 11 the price's cache: test_2_recalculation.py, and in
tests/services test_deduplication.py, test_convergence.py, test_subscription_totals.py. All thirteen as
a reader types them: tests/docs/test_tutorial.py.
"""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from django.db import DatabaseError, connection, transaction

from config.environment import ROOT
from services.models import Subscription
from tests.services.factories import make_subscriptions
from tests.support.compose import needs_compose, resolved
from tests.support.processes import child_environment
from tests.support.uvicorn_server import uvicorn


def manage(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=child_environment(**variables),
        capture_output=True,
        text=True,
        check=False,
    )


class TestStep01Dockerfile:
    def test_image_has_the_postgresql_client_and_a_user_of_its_own(self):
        stages = re.split(r"^FROM ", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
        base = next(stage for stage in stages if stage.splitlines()[0].endswith(" AS base"))
        assert "postgresql-client" in base
        for built_on_it in (stage for stage in stages if stage.startswith("base")):
            assert re.search(r"^USER \w+$", built_on_it, re.MULTILINE)


@needs_compose
class TestStep02DockerCompose:
    def test_development_mounts_the_code_runs_as_the_caller_and_reloads(self, tmp_path):
        services = resolved(tmp_path, "docker-compose.dev.yml", UID="1234", GID="5678")["services"]
        assert set(services) == {"web", "worker", "beat", "flower", "migrate", "database", "redis"}
        for name in ("web", "worker", "beat", "flower", "migrate"):
            assert services[name]["user"] == "1234:5678"
            assert services[name]["volumes"] == [f"{tmp_path}:/app:rw"]
            assert services[name]["build"]["target"] == "development"
        assert services["web"]["command"] == "python manage.py runserver 0.0.0.0:8000"
        assert services["worker"]["command"].startswith("watchfiles ")

    def test_development_runs_as_a_plain_user_where_uid_is_unset(self, tmp_path):
        assert resolved(tmp_path, "docker-compose.dev.yml")["services"]["web"]["user"] == "1000:1000"

    @pytest.mark.parametrize("file", ["docker-compose.yml", "docker-compose.dev.yml"])
    def test_everything_is_published_on_this_machine_alone(self, tmp_path, file):
        services = resolved(tmp_path, file)["services"]
        ports = {name: service["ports"] for name, service in services.items() if "ports" in service}
        assert ports == {
            "web": ["127.0.0.1:8000:8000/tcp"],
            "flower": ["127.0.0.1:5555:5555/tcp"],
            "redis": ["127.0.0.1:6379:6379/tcp"],
        }


class TestStep02ManagePyTest:
    def test_manage_py_test_runs_the_suite(self):
        """``docker-compose run --rm web-app sh -c "python manage.py test"``."""
        listed = subprocess.run(
            [
                sys.executable,
                "manage.py",
                "test",
                "--collect-only",
                "-q",
                "-n0",
                "tests/api/test_pagination.py",
            ],
            cwd=ROOT,
            env=child_environment(DEBUG="1"),
            capture_output=True,
            text=True,
            check=False,
        )
        assert listed.returncode == 0, listed.stderr
        assert "tests/api/test_pagination.py::" in listed.stdout


@needs_compose
class TestStep03Postgres:
    def test_web_gets_the_database_in_parts_by_the_name_of_its_service(self, tmp_path):
        services = resolved(tmp_path, "docker-compose.yml")["services"]
        parts = {key: services["web"]["environment"][key] for key in ("DB_HOST", "DB_NAME", "DB_USER")}
        assert parts == {"DB_HOST": "database", "DB_NAME": "syllabus", "DB_USER": "syllabus"}
        assert services["web"]["depends_on"]["database"] == {"condition": "service_healthy"}


@pytest.mark.django_db(transaction=True)
class TestStep05TestSerializers:
    """Step 5.8's link, ``/api/subscriptions/?format=json``, and without it DRF's pages in a browser."""

    BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

    def test_format_json_is_json_in_a_browser(self, admin_client):
        [row] = make_subscriptions(1)
        address = "/api/subscriptions/?format=json"
        shown = admin_client.get(address, headers={"Accept": self.BROWSER}).json()
        assert [each["id"] for each in shown["result"]] == [row.pk]
        assert {"id", "plan_id", "client_name", "email"} <= set(shown["result"][0])

    @pytest.mark.slow
    def test_browser_gets_a_page_with_debug_that_shows_the_miss_and_the_hit(self, tmp_path, port):
        with uvicorn(tmp_path, port, DEBUG="1") as server:
            pages = [server.get("/api/v1/categories/", Accept=self.BROWSER) for _ in range(2)]
            assert [page.headers["X-Cache"] for page in pages] == ["MISS", "HIT"]
            for page, found in zip(pages, ("MISS", "HIT"), strict=True):
                assert page.headers["Content-Type"] == "text/html; charset=utf-8"
                assert f'<b>X-Cache:</b> <span class="lit">{found}</span>' in page.body.decode()
            static = server.get("/static/rest_framework/css/default.css")
            assert static.status == 200

    @pytest.mark.slow
    def test_browser_gets_json_where_the_pages_are_off(self, tmp_path, port):
        with uvicorn(tmp_path, port, DEBUG="1", BROWSABLE_API="0") as server:
            answer = server.get("/api/v1/categories/", Accept=self.BROWSER)
            assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.django_db(transaction=True)
class TestStep06SeeingSql:
    COUNT = "from django.db import connection as c; c.cursor().execute('SELECT 41 + 1')"
    STATEMENT = re.compile(r"django\.db\.backends: \(\d+\.\d{3}\) SELECT 41 \+ 1; args=None")

    @pytest.mark.parametrize("debug", ["0", "1"])
    def test_sql_log_prints_each_statement_with_its_time(self, debug):
        assert self.STATEMENT.search(manage("shell", "-c", self.COUNT, SQL_LOG="1", DEBUG=debug).stderr)

    def test_without_sql_log_nothing_is_printed(self):
        done = manage("shell", "-c", self.COUNT, DEBUG="1")
        assert (done.returncode, done.stderr) == (0, "")

    @pytest.mark.slow
    def test_debug_toolbar_shows_the_statements_of_a_page(self, tmp_path, port):
        with uvicorn(tmp_path, port, DEBUG="1", DEBUG_TOOLBAR="1") as server:
            text = server.get("/admin/login/").body.decode()
            assert 'id="djDebug"' in text
            assert "SQLPanel" in text
            assert "Cachalot" not in text

    @pytest.mark.slow
    def test_debug_toolbar_needs_debug(self, tmp_path, port):
        with uvicorn(tmp_path, port, DEBUG="0", DEBUG_TOOLBAR="1") as server:
            assert 'id="djDebug"' not in server.get("/admin/login/").body.decode()


@needs_compose
class TestStep08CeleryAndFlower:
    """``debug_task.delay()``: test_5_task_manager.py; Flower's password: tests/services/test_flower.py."""

    def test_worker_and_flower_run_with_redis(self, tmp_path):
        services = resolved(tmp_path, "docker-compose.yml")["services"]
        assert services["flower"]["command"] == "celery -A config flower --port=5555"
        assert services["worker"]["environment"]["CELERY_BROKER_URL"] == "redis://redis:6379/0"


@needs_compose
class TestStep10SecondWorker:
    def test_two_workers_run_with_names_of_their_own(self, tmp_path):
        services = resolved(tmp_path, "docker-compose.yml")["services"]
        names = [services[name]["environment"]["WORKER"] for name in ("worker", "worker2")]
        assert names == ["worker", "worker2"]


@pytest.mark.django_db
class TestStep12Indexing:
    """Equality, ``(region, channel)`` and the rest: tests/services/test_plans.py."""

    # A plain one, which also serves the order, and one that serves prefixes under any collation.
    OF_COMMENTS = ("subscription_by_comment", "subscription_comment_prefix")
    LIBC_LOCALES = ("en_US.UTF-8", "C.UTF-8", "C.utf8")  # PostgreSQL compares by strcoll in each of these

    @pytest.fixture
    def not_c(self):
        """A collation under which a plain index is not in the order of bytes."""
        for locale in self.LIBC_LOCALES:
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute("CREATE COLLATION not_c (provider = libc, locale = %s)", [locale])
            except DatabaseError:
                continue
            return "not_c"
        return pytest.skip("needs one of the system's locales " + ", ".join(self.LIBC_LOCALES))

    def plan(self, collation, lookup, *changes):
        with connection.cursor() as cursor:
            column = f'COLUMN comment TYPE varchar(50) COLLATE "{collation}"'
            cursor.execute(f"ALTER TABLE services_subscription ALTER {column}")
            for change in changes:
                cursor.execute(change)
            make_subscriptions(5_000)
            cursor.execute("UPDATE services_subscription SET comment = id::text")
            cursor.execute("ANALYZE services_subscription")
        return Subscription.objects.filter(**{lookup: "123"}).order_by().explain(analyze=True)

    @pytest.mark.parametrize("lookup", ["comment", "comment__startswith"])
    def test_comment_is_found_by_its_index_under_the_collation_c(self, lookup):
        plan = self.plan("C", lookup)
        assert any(index in plan for index in self.OF_COMMENTS)

    @pytest.mark.parametrize("lookup", ["comment", "comment__startswith"])
    def test_comment_is_found_by_its_index_under_another_collation(self, not_c, lookup):
        plan = self.plan(not_c, lookup)
        serving = self.OF_COMMENTS[-1:] if lookup.endswith("startswith") else self.OF_COMMENTS
        assert any(index in plan for index in serving)

    def test_plain_index_serves_no_prefix_under_another_collation(self, not_c):
        plain = "CREATE INDEX plain ON services_subscription (comment)"
        plan = self.plan(not_c, "comment__startswith", "DROP INDEX subscription_comment_prefix", plain)
        assert "Seq Scan on services_subscription" in plan


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
class TestStep13Cachalot:
    def test_debug_toolbar_has_cachalots_panel_where_that_is_on(self, tmp_path, port):
        with uvicorn(tmp_path, port, DEBUG="1", DEBUG_TOOLBAR="1", CACHALOT_ENABLED="1") as server:
            assert "CachalotPanel" in server.get("/admin/login/").body.decode()
