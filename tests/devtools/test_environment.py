"""``.env.example`` compared with the code that reads the environment."""

import os
import re
import subprocess
import sys

import pytest

from config.environment import ROOT
from devtools.environment import reset_configuration

READ = re.compile(r'\b(?:text|words|flag|choice|integer|number|get_address)\(\s*["\']([A-Z_]+)["\']')
MENTIONED = re.compile(r"^(?:# )?([A-Z_]+)=", re.MULTILINE)
READ_ELSEWHERE = {
    "FLOWER_BASIC_AUTH": "flowerconfig.py",
    "REDIS_PORT": "docker-compose.yml",
    "UID": "docker-compose.dev.yml",
    "GID": "docker-compose.dev.yml",
    "SYLLABUS_STATE_DIR": "config/environment.py",
    "PROMETHEUS_MULTIPROC_DIR": "core/metrics_folder.py",
    "SENTRY_ENVIRONMENT": "core/observability.py",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "core/observability.py",
}


def read_by_settings() -> set[str]:
    return set(READ.findall((ROOT / "config" / "settings.py").read_text()))


def documented() -> list[str]:
    return MENTIONED.findall((ROOT / ".env.example").read_text())


def test_every_variable_that_settings_read_is_documented():
    assert read_by_settings() - set(documented()) == set()


def test_every_documented_variable_is_read_somewhere():
    assert set(documented()) - read_by_settings() - READ_ELSEWHERE.keys() == set()
    for name, path in READ_ELSEWHERE.items():
        assert name in (ROOT / path).read_text()


def test_no_variable_is_documented_twice():
    assert sorted(documented()) == sorted(set(documented()))


def test_documented_defaults_are_the_defaults():
    shown = dict(re.findall(r"^# ([A-Z_]+)=(\S+)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    settings = (ROOT / "config" / "settings.py").read_text()
    found = re.findall(
        r'\b(?:text|words|flag|choice|integer|number)\(\s*"([A-Z_]+)", (?:"([^"]+)"|([\d.]+))', settings
    )
    defaults = {name: quoted or plain for name, quoted, plain in found}
    assert defaults.keys() >= {"CACHE_TTL", "THROTTLE_ANON", "EMAIL_PORT", "ALLOWED_HOSTS"}
    for name in defaults.keys() & shown.keys():
        assert shown[name] == defaults[name], name


def test_tests_and_benchmarks_ignore_the_configuration(monkeypatch, tmp_path):
    monkeypatch.setattr(
        os, "environ", {"PATH": "/bin", "HTTPS": "1", "DB_HOST": "db", "THROTTLE_ANON": "1/d"}
    )
    reset_configuration(tmp_path)
    assert os.environ == {"PATH": "/bin", "PYTHON_DOTENV_DISABLED": "1", "SYLLABUS_STATE_DIR": str(tmp_path)}


@pytest.mark.parametrize(
    ("variable", "words"),
    [
        ("CACHE_TTL=abc", "CACHE_TTL must be a whole number from 1, not 'abc'."),
        ("ASGI_MAX_REQUESTS=0", "a whole number from 1"),
        ("DB_CONN_MAX_AGE=None", "a whole number from 0"),
        ("DB_STATEMENT_TIMEOUT=15s", "a number from 0, such as 2.5"),
        ("DRAIN_SECONDS=nan", "a number from 0"),
        ("DEBUG=maybe", "DEBUG must be 1 or 0"),
        ("LOG_LEVEL=loud", "one of INFO, DEBUG"),
        ("DATABASE_URL=garbage", "postgres://user:password@host:5432/name"),
        ("DATABASE_URL=postgres://a:secret#w@h:5432/x", "write # as %23"),
        ("DATABASE_URL=postgres://a:secret@h:port/x", "postgres://user"),
        ("DATABASE_URL=mysql://a/b", "postgres://user"),
        ("REDIS_URL=redis://:secret@h/x", "redis://host:6379/1"),
        ("CELERY_BROKER_URL=amqp://a:secret@h", "redis+socket, sentinel"),
    ],
)
def test_a_wrong_value_is_one_line_that_says_what_is_accepted(variable, words):
    name, _, value = variable.partition("=")
    done = settings_with(**{name: value})
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert name in done.stderr
    assert words in done.stderr
    assert "secret" not in done.stderr


def test_an_empty_variable_is_as_good_as_none():
    done = settings_with(TOKEN_TTL_DAYS="", ALLOWED_HOSTS="", EDGE="", THROTTLE_ANON="", SITE_URL="")
    assert (done.returncode, done.stderr) == (0, "")


def settings_with(**variables):
    """Import the settings in a process with these variables."""
    servers = {"DATABASE_URL": "postgres://localhost/none", "REDIS_URL": "redis://localhost/1", "DEBUG": "1"}
    environment = {"PATH": os.environ["PATH"], "PYTHON_DOTENV_DISABLED": "1", **servers, **variables}
    code = "import config.settings as s; assert s.TOKEN_TTL_DAYS == 90 and s.EDGE and s.ALLOWED_HOSTS"
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
