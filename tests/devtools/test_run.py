"""``make run`` as a whole, on servers of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request

import psutil
import pytest
from django.core.management import CommandError, call_command

from config.environment import ROOT
from tests.devtools.processes import DEADLINE_SECONDS, environment, server_process, working_on
from tests.support.waiting import until

pytestmark = pytest.mark.slow

STOP_SECONDS = 12


class Run:
    """``manage.py run`` and its output so far."""

    def __init__(self, state, port: int) -> None:
        self.port = port
        self.output = state.parent / f"output-{os.urandom(4).hex()}"
        with self.output.open("w") as file:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "run"],
                cwd=ROOT,
                env=environment(state, PORT=str(port), VERBOSE="1"),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )

    def said(self) -> str:
        return self.output.read_text()

    def wait_for(self, text: str) -> None:
        until(lambda: re.search(text, self.said()) or self.process.poll() is not None)
        assert re.search(text, self.said()), self.said()

    def get(self, path: str) -> tuple[int, bytes]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as response:
            return response.status, response.read()

    def child(self, word: str) -> psutil.Process:
        return next(c for c in psutil.Process(self.process.pid).children() if word in c.cmdline())


def test_it_serves_everything_until_ctrl_c_and_leaves_nothing_behind(state, port):
    run = Run(state, port)
    run.wait_for("Ctrl-C stops everything")
    run.wait_for(r"worker \| .*ready")
    run.wait_for(r"beat   \| .*Starting")
    assert re.search(r"web    \| .*Booting worker", run.said())
    for shown in (f"http://127.0.0.1:{port}/admin/", f"http://127.0.0.1:{port}/api/docs/", "admin / "):
        assert shown in run.said()
    assert run.get("/health/ready")[0] == 200
    course = f"http://127.0.0.1:{port}/api/v1/courses/1/"
    x_cache = f"curl -s -D - -o /dev/null {course} | grep X-Cache"  # as in the README, case and all
    assert [shell(x_cache), shell(x_cache)] == ["X-Cache: MISS", "X-Cache: HIT"]
    assert run.get("/static/admin/css/base.css")[0] == 200
    redis_cli = re.search(r"Redis +(.+)", run.said())[1]
    assert int(shell(f"{redis_cli} ttl ':1:v1:courses:detail:1'")) in range(1, 301)

    servers = [server_process(state, variable).pid for variable in ("DATABASE_URL", "REDIS_URL")]
    beside = [sys.executable, "manage.py", "cacheshell", "ping"]
    assert subprocess.check_output(beside, cwd=ROOT, env=environment(state, DEBUG="1")) == b"PONG\n"
    assert servers == [server_process(state, variable).pid for variable in ("DATABASE_URL", "REDIS_URL")]

    second = Run(state, port)
    assert second.process.wait(DEADLINE_SECONDS) == 1
    assert f"PORT {port} is taken" in second.said()
    assert len(second.said().splitlines()) == 1

    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(STOP_SECONDS) == 0
    assert working_on(state) == []


def shell(line: str) -> str:
    return subprocess.run(line, shell=True, capture_output=True, text=True, check=True).stdout.strip()


def test_a_killed_run_leaves_no_process_and_a_killed_child_is_started_again(state, port):
    run = Run(state, port)
    run.wait_for("Ctrl-C stops everything")
    assert "Demo data added" in run.said()
    run.process.kill()
    run.process.wait()
    following = Run(state, port)  # at once, while the children of the first one are ending
    following.wait_for("Ctrl-C stops everything")
    assert "Demo data added" not in following.said()
    for name, word in (("worker", f"worker-{port}@%h"), ("beat", "beat"), ("web", "gunicorn")):
        following.child(word).kill()
        again = rf"{name:<6} \| ended unexpectedly \(killed by SIGKILL\); starting it again in 0.5 s[\s\S]*"
        following.wait_for(again + {"web": "Booting worker", "worker": "ready", "beat": "Starting"}[name])
    assert following.get("/health/live")[0] == 200
    following.process.send_signal(signal.SIGINT)
    assert following.process.wait(STOP_SECONDS) == 0
    assert working_on(state) == []


def test_a_port_taken_by_another_program_is_said_in_one_line(state, port):
    with socket.create_server(("127.0.0.1", port)):
        run = Run(state, port)
        assert run.process.wait(DEADLINE_SECONDS) == 1
    assert len(run.said().splitlines()) == 1
    assert f"PORT {port} is taken by another program" in run.said()
    assert working_on(state) == []


@pytest.mark.parametrize("value", ["abc", "0", "65536", "-1", "²"])
def test_a_port_that_is_none_is_said_with_what_is(value):
    with pytest.raises(CommandError, match="PORT must be a number from 1 to 65535, not"):
        call_command("run", port=value)
