"""Flower, as the compose file starts it: behind a password, or not at all."""

from __future__ import annotations

import base64
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager

import pytest

from config.environment import ROOT
from tests.support.processes import child_environment
from tests.support.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
FLOWER = [sys.executable, "-m", "celery", "-A", "config", "flower"]


def status(port: int, login: str = "", path: str = "/") -> int | None:
    header = {"Authorization": "Basic " + base64.b64encode(login.encode()).decode()} if login else {}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=header)
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return response.status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return None


@contextmanager
def flower(folder, **env):
    """A running Flower: its port, and what it has printed."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*FLOWER, f"--port={port}", "--address=127.0.0.1"],
            cwd=ROOT,
            env=child_environment(**env),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        until(lambda: status(port))
        yield port, (folder / "log").read_text()
    finally:
        process.terminate()
        process.wait(20)


def test_it_opens_with_the_password_alone(tmp_path):
    with flower(tmp_path, FLOWER_BASIC_AUTH="boss:secret") as (port, _):
        assert status(port) == 401
        assert status(port, "boss:wrong") == 401
        assert status(port, "boss:secret") == 200
        assert status(port, path="/metrics") == 404
        assert status(port, path="/healthcheck") == 200


def test_a_developer_gets_a_generated_password(tmp_path):
    with flower(tmp_path, FLOWER_BASIC_AUTH="", DEBUG="1") as (port, printed):
        login = printed.partition("This time: ")[2].split()[0]
        assert status(port) == 401
        assert status(port, login) == 200


def test_it_does_not_start_without_a_password_in_production():
    without = child_environment(FLOWER_BASIC_AUTH="")
    done = subprocess.run(FLOWER, cwd=ROOT, env=without, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "FLOWER_BASIC_AUTH is missing" in done.stderr
