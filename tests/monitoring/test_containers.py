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


PROJECT = [name for name, service in SERVICES.items() if service.get("image") == "syllabus"]
# Who uses a secret.
USED_BY = {
    "TELEGRAM_BOT_TOKEN": {"web", "outgoing"},
    "TELEGRAM_WEBHOOK_SECRET": {"web"},
    "EMAIL_HOST_PASSWORD": {"outgoing"},
    "FLOWER_BASIC_AUTH": {"flower"},
}


def test_a_container_has_only_the_secrets_that_it_uses():
    """A secret that compose itself requires would keep ``docker compose up -d redis`` from starting."""
    assert ":?" not in (ROOT / "docker-compose.yml").read_text()
    for name in PROJECT:
        environment = SERVICES[name]["environment"]
        assert "env_file" not in SERVICES[name]
        assert environment["DEBUG"] == "0"
        assert {secret for secret, users in USED_BY.items() if name in users} == set(environment) & set(
            USED_BY
        )
        signs = name in {"web", "worker", "worker2", "outgoing"}
        assert (environment["DJANGO_SECRET_KEY"] is None) is signs, name
    assert SERVICES["flower"]["environment"]["DB_PASS"] == ""


# Of the host, of devtools, of docker-compose.dev.yml, or another way to say what compose says itself.
NOT_PASSED_ON = {
    *("PORT", "UID", "GID", "REDIS_PORT", "SYLLABUS_STATE_DIR", "SYLLABUS_DEVTOOLS", "DEBUG_TOOLBAR"),
    *(
        "REDIS_USERNAME",
        "REDIS_CLUSTER",
        "REDIS_SENTINELS",
        "REDIS_SENTINEL_MASTER",
        "REDIS_SENTINEL_USERNAME",
    ),
    *("REDIS_SENTINEL_PASSWORD", "REDIS_SENTINEL_TLS", "PROMETHEUS_MULTIPROC_DIR"),
}


def test_every_documented_variable_reaches_a_container():
    documented = set(re.findall(r"^(?:# )?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    passed = {name for service in PROJECT for name in SERVICES[service]["environment"]}
    assert documented - passed == NOT_PASSED_ON


def test_every_container_is_confined():
    for name, service in SERVICES.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["mem_limit"], name
        assert service["pids_limit"], name
        assert service["logging"]["options"] == {"max-size": "10m", "max-file": "5"}, name
        assert "healthcheck" in service or name == "web", name  # web has the image's
        assert ("cap_add" in service) is (name in {"database", "redis"}), name
    grace = int(SERVICES["web"]["stop_grace_period"].removesuffix("s"))
    gunicorn = re.search(r"^graceful_timeout = (\d+)$", (ROOT / "gunicorn.conf.py").read_text(), re.MULTILINE)
    assert grace > int(gunicorn[1])


def test_every_image_has_an_exact_tag():
    images = re.findall(r"^FROM (\S+:\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    images += [service["image"] for service in SERVICES.values() if service["image"] != "syllabus"]
    assert len(images) == 4
    assert all(re.search(r":\d+\.\d+", image) for image in images)


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
