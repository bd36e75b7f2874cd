"""``.env.example`` compared with the code that reads the environment."""

import os
import re

from config.environment import ROOT
from devtools.environment import reset_configuration

READ = re.compile(r'(?:environ\.get\(|environ\[|_flag\(|_words\(|_addresses\(|get_address\()\s*"([A-Z_]+)"')
MENTIONED = re.compile(r"^(?:# )?([A-Z_]+)=", re.MULTILINE)
READ_ELSEWHERE = {
    "PORT": "devtools/management/commands/run.py",
    "FLOWER_BASIC_AUTH": "flowerconfig.py",
    "REDIS_PORT": "docker-compose.yml",
    "UID": "docker-compose.dev.yml",
    "GID": "docker-compose.dev.yml",
    "SYLLABUS_STATE_DIR": "config/environment.py",
    "PROMETHEUS_MULTIPROC_DIR": "core/metrics_folder.py",
    "SENTRY_ENVIRONMENT": "core/observability.py",
    "SENTRY_TRACES_SAMPLE_RATE": "core/observability.py",
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
    defaults = dict(re.findall(r'(?:get|_words|_flag)\(\s*"([A-Z_]+)", "([^"]+)"', settings))
    assert defaults.keys() >= {"CACHE_TTL", "THROTTLE_ANON", "EMAIL_PORT", "ALLOWED_HOSTS"}
    for name in defaults.keys() & shown.keys():
        assert shown[name] == defaults[name], name


def test_tests_and_benchmarks_ignore_the_configuration(monkeypatch, tmp_path):
    monkeypatch.setattr(
        os, "environ", {"PATH": "/bin", "HTTPS": "1", "DB_HOST": "db", "THROTTLE_ANON": "1/d"}
    )
    reset_configuration(tmp_path)
    assert os.environ == {"PATH": "/bin", "PYTHON_DOTENV_DISABLED": "1", "SYLLABUS_STATE_DIR": str(tmp_path)}
