"""Importing the project starts nothing; processes started by hand find the servers that run, or say so."""

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from config.environment import ROOT
from tests.devtools.processes import User, environment
from tests.support.waiting import until

# Printed at the end, whether the import succeeds or not: what would start or reach anything.
AUDITED = """
import atexit, json, sys
STARTS = {"subprocess.Popen", "os.system", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.exec"}
REACHES = {"socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo"}
seen = []
sys.addaudithook(lambda event, args: seen.append(event) if event in STARTS | REACHES else None)
atexit.register(lambda: print(json.dumps(seen)))
"""
IMPORT = """
import config.settings as s
print(s.DATABASES["default"]["OPTIONS"]["host"], s.REDIS_URL)
"""
LINE = "No PostgreSQL is configured (DATABASE_URL), and `make run` is not running: start it, or "
BY_HAND = {
    "settings": ["-c", "import config.settings"],
    "worker": ["-m", "celery", "-A", "config", "worker", "-l", "info"],
    "beat": ["-m", "celery", "-A", "config", "beat"],
    "flower": ["-m", "celery", "-A", "config", "flower"],
    "uvicorn": ["-m", "uvicorn", "config.asgi:application", "--port", "0"],
    "gunicorn": ["-m", "gunicorn", "--bind", "127.0.0.1:0", "config.wsgi:application"],
}


def run(words: list[str], state: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    env = environment(state, DEBUG="1", **variables)
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=60
    )


def test_the_audit_sees_what_it_looks_for(tmp_path):
    program = "import socket, subprocess\nsocket.socket().bind(('127.0.0.1', 0))\nsubprocess.run(['true'])"
    seen = json.loads(run(["-c", AUDITED + program], tmp_path).stdout)
    assert {"socket.bind", "subprocess.Popen"} <= set(seen)


def test_importing_settings_with_nothing_configured_starts_nothing_and_says_what_to_do(tmp_path):
    done = run(["-c", AUDITED + IMPORT], tmp_path)
    assert done.returncode == 1
    assert json.loads(done.stdout) == []
    assert done.stderr.startswith(LINE)
    assert list(tmp_path.iterdir()) == []


def test_importing_settings_beside_running_servers_finds_them_and_starts_nothing(state):
    with User(state) as user:
        addresses = f"{state}/postgres {user.addresses['REDIS_URL']}"
        done = run(["-c", AUDITED + IMPORT], state)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [addresses, "[]"]


@pytest.mark.parametrize("debug", ["0", "1"])
def test_a_web_process_loads_no_module_of_devtools(tmp_path, debug):
    program = "import sys, config.wsgi, config.asgi, config.urls, config.celery\n"
    program += "print([name for name in sys.modules if name.partition('.')[0] == 'devtools'])"
    addresses = {"DATABASE_URL": "postgres://localhost:1/none", "REDIS_URL": "redis://localhost:1/1"}
    env = environment(tmp_path, **addresses, DEBUG=debug, DJANGO_SECRET_KEY="x" * 50)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("name", BY_HAND)
def test_a_process_started_by_hand_without_servers_stops_with_one_line(tmp_path, name):
    done = run(BY_HAND[name], tmp_path)
    assert done.returncode != 0
    said = (done.stdout + done.stderr).splitlines()
    assert len(said) == 1, said
    assert said[0].startswith(LINE)


@pytest.mark.slow
def test_a_process_started_by_hand_finds_the_servers_that_run(state, port):
    words = ["-m", "uvicorn", "config.asgi:application", "--port", str(port), "--log-level", "warning"]
    with User(state) as user:
        assert user.addresses
        server = subprocess.Popen([sys.executable, *words], cwd=ROOT, env=environment(state, DEBUG="1"))
        try:
            until(lambda: ready(port))
            checks = ready(port)["checks"]
            assert (checks["postgresql"], checks["redis"], checks["workers"]) == ("ok", "ok", "degraded")
        finally:
            server.terminate()
            server.wait(20)


def ready(port: int) -> dict | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=10) as response:
            return json.load(response)
    except OSError:
        return None
