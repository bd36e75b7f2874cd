"""The supervisor, with small commands in place of a web server and workers."""

import re
import signal
import subprocess
import sys
import time

import psutil
import pytest

from config.environment import ROOT
from devtools.supervisor import EXIT_WINDOW_SECONDS, ChildDiedError, StopRequested, Supervisor
from tests.support.waiting import until

pytestmark = pytest.mark.slow

WAIT = "import time; print('up'); time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up'); time.sleep(60)"
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {STUBBORN!r}])"


def python(program: str) -> list[str]:
    return [sys.executable, "-u", "-c", program]


@pytest.fixture
def supervisor(tmp_path):
    with (tmp_path / "lock").open("w") as lock, Supervisor(ROOT, [lock]) as supervisor:
        yield supervisor


def said(capfd, text: str):
    seen = []

    def check() -> bool:
        seen.append(capfd.readouterr().out)
        return text in "".join(seen)

    return check


def test_each_line_follows_the_name_of_the_command_that_printed_it(supervisor, capfd):
    supervisor.start("web", python("print('one\\ntwo'); import time; time.sleep(60)"))
    supervisor.wait_until(said(capfd, "web    | one\nweb    | two\n"))


def test_text_that_is_not_unicode_does_not_stop_the_output(supervisor, capfd):
    program = "import os, time; os.write(1, b'\\xff\\n'); print('then'); time.sleep(60)"
    supervisor.start("web", python(program))
    supervisor.wait_until(said(capfd, "web    | then\n"))


@pytest.fixture
def prompt(tmp_path):
    """A supervisor that waits hardly before it starts a command again."""
    with (tmp_path / "lock").open("w") as lock, Supervisor(ROOT, [lock], first_restart_seconds=0.01) as made:
        yield made


def test_a_child_that_ends_is_started_again_and_named_with_its_exit_code(prompt, tmp_path, capfd):
    program = f"""
import pathlib, time
first = pathlib.Path({str(tmp_path / "first")!r})
if not first.exists():
    first.touch()
    raise SystemExit(3)
print("up again", flush=True)
time.sleep(60)
"""
    prompt.start("web", python(WAIT))
    web = prompt.children["web"].process.pid
    prompt.start("beat", python(program))
    expected = "beat   | ended unexpectedly (exit code 3); starting it again in 0.01 s\nbeat   | up again"
    prompt.wait_until(said(capfd, expected))
    assert prompt.children["web"].process.pid == web


def test_a_child_that_is_killed_leaves_none_of_its_processes_to_the_next(prompt, capfd):
    prompt.start("web", python(PARENT))
    prompt.wait_until(said(capfd, "up"))
    [left] = psutil.Process(prompt.children["web"].process.pid).children(recursive=True)
    prompt.children["web"].process.kill()
    prompt.wait_until(said(capfd, "ended unexpectedly (killed by SIGKILL)"))
    until(lambda: not left.is_running() or left.status() == psutil.STATUS_ZOMBIE)


def test_a_child_that_ends_five_times_within_a_minute_ends_all_with_the_reason(prompt, capfd):
    prompt.start("web", python(WAIT))
    prompt.start("beat", python("raise SystemExit(3)"))
    expected = r"beat ended unexpectedly 5 times within 60 seconds, the last time with exit code 3"
    with pytest.raises(ChildDiedError, match=expected):
        prompt.wait_until(lambda: False)
    waits = [f"starting it again in {seconds:g} s" for seconds in (0.01, 0.02, 0.04, 0.08)]
    assert re.findall(r"starting it again in \S+ s", capfd.readouterr().out) == waits


def test_exits_of_more_than_a_minute_ago_do_not_count(prompt, monkeypatch, capfd):
    prompt.start("beat", python(WAIT))
    long_ago = time.monotonic() - EXIT_WINDOW_SECONDS
    prompt.children["beat"].exits = [long_ago] * 10
    prompt.children["beat"].process.kill()
    prompt.wait_until(said(capfd, "starting it again in 0.01 s"))


def test_a_restart_replaces_every_child_without_counting_as_an_exit(supervisor, capfd):
    for name in ("web", "worker"):
        supervisor.start(name, python(WAIT))
    supervisor.wait_until(said(capfd, "worker | up"))
    before = {name: child.process.pid for name, child in supervisor.children.items()}
    supervisor.restart()
    after = {name: child.process.pid for name, child in supervisor.children.items()}
    assert not set(before.values()) & set(after.values())
    assert not any(psutil.pid_exists(pid) for pid in before.values())
    assert not any(child.exits for child in supervisor.children.values())


@pytest.fixture
def _not_under_nohup():
    handler = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, handler)


@pytest.fixture
def _under_nohup():
    handler = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGHUP, handler)


@pytest.mark.usefixtures("_under_nohup")
def test_under_nohup_the_end_of_the_terminal_is_ignored(tmp_path, capfd):
    with (tmp_path / "lock").open("w") as lock, Supervisor(ROOT, [lock]) as supervisor:
        signal.raise_signal(signal.SIGHUP)
        supervisor.start("web", python(WAIT))
        supervisor.wait_until(said(capfd, "up"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.usefixtures("_not_under_nohup")
def test_a_signal_requests_the_end(supervisor, number):
    supervisor.start("web", python(WAIT))
    signal.raise_signal(number)
    with pytest.raises(StopRequested):
        supervisor.wait_until(lambda: False)


def test_leaving_ends_children_and_grandchildren_even_stubborn_ones(tmp_path, capfd):
    with (tmp_path / "lock").open("w") as lock, Supervisor(ROOT, [lock], grace_seconds=0.2) as supervisor:
        supervisor.start("web", python(PARENT))
        supervisor.wait_until(said(capfd, "up"))
        family = psutil.Process(supervisor.children["web"].process.pid).children(recursive=True)
    assert len(family) == 1
    until(lambda: not any(process.is_running() for process in family), seconds=5)


def test_a_second_signal_does_not_wait_for_stubborn_children(tmp_path, capfd):
    with (tmp_path / "lock").open("w") as lock, Supervisor(ROOT, [lock]) as supervisor:
        supervisor.start("web", python(STUBBORN))
        supervisor.wait_until(said(capfd, "up"))
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        asked = time.monotonic()
    assert time.monotonic() - asked < supervisor.grace_seconds


def test_signal_handlers_are_put_back(tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    with (tmp_path / "lock").open("w") as lock, Supervisor(ROOT, [lock]):
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_children_do_not_survive_a_killed_supervisor(tmp_path):
    program = f"""
import sys, pathlib
from devtools.supervisor import Supervisor
with open({str(tmp_path / "lock")!r}, "w") as lock, Supervisor(pathlib.Path.cwd(), [lock]) as supervisor:
    supervisor.start("web", [sys.executable, "-c", {WAIT!r}])
    child = supervisor.children["web"].process  # it says "up" on stdout
    print(child.pid, file=sys.stderr, flush=True)
    supervisor.wait_until(lambda: False)
"""
    with subprocess.Popen(
        python(program), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as parent:
        child = psutil.Process(int(parent.stderr.readline()))
        parent.kill()
    until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, seconds=10)


def test_supervisor_whose_parent_has_ended_stops(tmp_path):
    program = f"""
import os, pathlib, sys
from devtools.supervisor import StopRequested, Supervisor
with open({str(tmp_path / "lock")!r}, "w") as lock:
    with Supervisor(pathlib.Path.cwd(), [lock], os.getppid()) as supervisor:
        print("up", flush=True)
        try:
            supervisor.wait_until(lambda: False)
        except StopRequested:
            pathlib.Path({str(tmp_path / "ended")!r}).touch()
"""
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {program!r}])"
    with subprocess.Popen(python(parent), cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "up\n"
        process.kill()
    until((tmp_path / "ended").exists, seconds=10)


def test_supervisor_whose_output_is_closed_stops(tmp_path):
    program = f"""
import sys, pathlib
from devtools.supervisor import StopRequested, Supervisor
with open({str(tmp_path / "lock")!r}, "w") as lock, Supervisor(pathlib.Path.cwd(), [lock]) as supervisor:
    supervisor.start("web", [sys.executable, "-uc", "while True: print('x' * 1000)"])
    try:
        supervisor.wait_until(lambda: False)
    except StopRequested:
        pathlib.Path({str(tmp_path / "ended")!r}).touch()
"""
    with subprocess.Popen(python(program), cwd=ROOT, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        process.wait(20)
    assert (tmp_path / "ended").exists()
