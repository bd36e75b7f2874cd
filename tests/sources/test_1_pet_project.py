"""Source 1, "Pet project with Django + DRF + PostgreSQL + Redis", by its headings.

API, caching, rates: tests/courses/test_catalogue_views.py, tests/api/test_throttling.py. Looking into Redis:
tests/monitoring/test_cacheshell.py. Invalidation: tests/courses/test_signals.py. Road map: the cache's
performance in test_1_reads_before_and_after_the_cache.py, Flower in tests/services/test_flower.py.
"""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.conf import settings
from django.core.cache import cache

from config.environment import ROOT
from tests.caching.redis_process import RedisProcess
from tests.support.answers import problem
from tests.support.compose import compose, needs_compose, resolved
from tests.support.processes import child_environment

TROUBLESHOOTING = (ROOT / "docs" / "running.md").read_text().partition("\n## Troubleshooting\n")[2]


# --- Запуск Redis (Docker): docker compose up -d redis ---------------------------------------------


@needs_compose
class TestRedisByCompose:
    def test_redis_alone_starts_from_a_copied_env_example(self, tmp_path):
        """``up`` needs an engine; what it does first is what ``config`` does: it resolves the whole file."""
        done = compose(tmp_path, "config", "--services")
        assert (done.returncode, done.stderr) == (0, "")
        redis = resolved(tmp_path, "docker-compose.yml")["services"]["redis"]
        assert redis["ports"] == ["127.0.0.1:6379:6379/tcp"]
        assert "depends_on" not in redis
        assert "env_file" not in redis

    def test_redis_port_publishes_another_port(self, tmp_path):
        redis = resolved(tmp_path, "docker-compose.yml", REDIS_PORT="6380")["services"]["redis"]
        assert redis["ports"] == ["127.0.0.1:6380:6379/tcp"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("variable", "words"),
    [
        ("DJANGO_SECRET_KEY", ["manage.py", "migrate", "--noinput"]),
        ("DJANGO_SECRET_KEY", ["-m", "gunicorn", "config.wsgi:application"]),
        ("DJANGO_SECRET_KEY", ["-m", "celery", "-A", "config", "worker"]),
        ("FLOWER_BASIC_AUTH", ["-m", "celery", "-A", "config", "flower"]),
    ],
)
def test_process_without_its_secret_says_so_in_one_line(variable, words):
    """As in a container: DEBUG is off, and .env is .env.example."""
    example = {"DJANGO_SECRET_KEY": "change-me"} if variable == "DJANGO_SECRET_KEY" else {}
    env = child_environment(**{"DEBUG": "0", "FLOWER_BASIC_AUTH": "", **example})
    done = subprocess.run([sys.executable, *words], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode != 0
    [line] = done.stderr.splitlines()
    assert line.startswith(f"{variable} is missing")


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_manage_py_on_the_host_works_on_the_redis_of_redis_url(tmp_path):
    """The Redis that compose publishes, here one on another port with compose's own options."""
    server = RedisProcess(tmp_path)
    try:
        url = f"redis://localhost:{server.port}/1"
        program = "from django.core.cache import cache; cache.set('test:foo', 123, 300); "
        program += "print(cache.get('test:foo'))"
        words = [sys.executable, "manage.py", "shell", "-v", "0", "-c", program]
        env = child_environment(DEBUG="1", REDIS_URL=url, CELERY_BROKER_URL="")
        done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        assert done.stdout == "123\n", done.stderr
        assert cache.get("test:foo") is None  # not in the tests' own
    finally:
        server.remove()


# --- Траблшутинг -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "**`redis-cli: command not found`**",
        "**No keys to be seen, but the cache works**",
        "**No keys are shown**",
        "**Port 6379 is taken**",
        "**`/courses/top/` refuses an order**",
    ],
)
def test_troubleshooting_has_each_line_of_the_source(line):
    assert f"* {line}" in TROUBLESHOOTING


@pytest.mark.django_db
def test_top_courses_with_an_order_that_is_none_is_a_400_that_says_what_there_is(client):
    response = client.get("/api/v1/courses/top/?order=nonsense")
    problem(response, 400, "order", "title", "-id")


def test_default_cache_is_in_database_1_of_redis_url():
    assert settings.REDIS_URL.endswith("/1")
