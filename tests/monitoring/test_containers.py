"""The image and the compose file, as far as they can be read without Docker."""

import re
import shutil
import subprocess
import sys
import tomllib

import pytest
import yaml
from django.conf import settings

from config.environment import ROOT
from monitoring.healthcheck import allowed_host
from tests.support.processes import child_environment

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]


def test_what_is_published_is_published_only_on_this_machine():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {
        "web": ["127.0.0.1:${PORT:-8000}:8000"],
        "flower": ["127.0.0.1:5555:5555"],
        "redis": ["127.0.0.1:${REDIS_PORT:-6379}:6379"],
    }


def test_every_process_waits_for_healthy_servers():
    for name, service in SERVICES.items():
        if service.get("image") == "syllabus":
            assert service["depends_on"]["database"] == {"condition": "service_healthy"}, name
            assert service["depends_on"]["redis"] == {"condition": "service_healthy"}, name


def test_redis_keeps_its_data_and_evicts_only_what_expires():
    command = SERVICES["redis"]["command"]
    assert "--appendonly yes --save 60 1000" in command
    assert "--maxmemory-policy volatile-" in command


def test_each_worker_has_a_name_of_its_own():
    workers = ("worker", "worker2", "outgoing")
    names = {name: SERVICES[name]["environment"]["WORKER"] for name in workers}
    assert names == {name: name for name in workers}


def test_every_queue_has_a_worker():
    commands = [SERVICES[name]["command"] for name in ("worker", "worker2", "outgoing")]
    served = {queue for command in commands for queue in re.search(r"-Q ([\w,]+)", command)[1].split(",")}
    assert served == {queue.name for queue in settings.CELERY_TASK_QUEUES}
    assert [command for command in commands if "outgoing" in command.split("-Q")[1]] == [commands[2]]


def test_secrets_come_from_env_alone_and_are_missed_by_their_processes_not_by_compose():
    """A secret that compose itself requires would keep ``docker compose up -d redis`` from starting."""
    assert ":?" not in (ROOT / "docker-compose.yml").read_text()
    for name in ("web", "worker", "beat", "flower", "migrate"):
        assert SERVICES[name]["env_file"] == ".env"
        assert {"DJANGO_SECRET_KEY", "FLOWER_BASIC_AUTH"}.isdisjoint(SERVICES[name]["environment"])
        assert SERVICES[name]["environment"]["DEBUG"] == "0"


def test_the_image_has_the_project_but_no_secrets():
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {".*", "var", "media"} <= set(ignored)  # .env among the first
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    rooms = set(project["tool"]["importlinter"]["root_packages"])
    assert rooms & set(ignored) == {"devtools"}
    assert {"manage.py", "locale", "flowerconfig.py", "gunicorn.conf.py"}.isdisjoint(ignored)


def test_the_image_needs_nothing_that_it_has_not(tmp_path):
    """Django's checks pass on what the image holds, whatever an .env made for development says."""
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    shutil.copytree(ROOT, tmp_path / "app", ignore=shutil.ignore_patterns(*ignored))
    assert not (tmp_path / "app" / "devtools").exists()
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy"],
        cwd=tmp_path / "app",
        env=child_environment(DEBUG="0", SYLLABUS_DEVTOOLS="1", DJANGO_SECRET_KEY="x" * 50),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_image_does_not_run_as_root():
    users = re.findall(r"^USER (\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert users == ["developer", "app"]  # of the stage for development, and of the image


@pytest.mark.parametrize(
    ("allowed_hosts", "host"),
    [
        ("", "localhost"),
        ("*", "localhost"),
        ("example.com", "example.com"),
        (".example.com, 10.0.0.1", "example.com"),
    ],
)
def test_the_health_check_names_a_host_that_django_answers_to(allowed_hosts, host):
    assert allowed_host(allowed_hosts) == host
