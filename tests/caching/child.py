"""Another process, which reads one command per line and answers each with one line.

``stop_before`` stops it for good when it reaches a step (tests/caching/interleaving.py), so that a test can
kill it there.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PATIENT_SECONDS = 30


class Child:
    """The process, as its parent sees it.

    Args:
        database: the name of the tests' database.
        location: the URL of the Redis.
    """

    def __init__(self, database: str, location: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.caching.child", database, location],
            cwd=ROOT,
            env={**os.environ, "TEST_REDIS": ""},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def send(self, *command: Any) -> None:
        """Send a command. ``answer`` waits for the answer."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()

    def answer(self) -> Any:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "the child has ended"
        return json.loads(line)

    def ask(self, *command: Any) -> Any:
        self.send(*command)
        return self.answer()

    def kill(self) -> None:
        """Kill it with SIGKILL."""
        self._process.kill()
        self.end()

    def end(self) -> None:
        """Close its input, so that it ends."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                stream.close()
        self._process.wait(20)


def _title(pk: int) -> list[str]:
    from tests.caching.testapp.cache import book_detail

    result = book_detail.get(pk=pk)
    return [result.value["title"], result.x_cache]


def _rename(pk: int, title: str) -> str:
    from tests.caching.testapp.writes import rename

    return rename(pk, title)


def _breaker() -> str:
    from caching.gateway import get_gateway

    return "open" if get_gateway().breaker.is_open else "closed"


def _fork() -> str:
    """Fork. From now on the forked process answers, and its parent waits for its end."""
    from django.db import connections

    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
        os._exit(0)
    connections.close_all()
    return "forked"


def _many(pk: int, times: int) -> int:
    """Read from many threads at once, patiently (tests/caching/test_stampede.py). Return how many loaded."""
    from caching.testing import timing
    from tests.caching.testapp.cache import book_detail, loads
    from tests.support.threads import at_once

    loads.clear()
    with timing(collapse=PATIENT_SECONDS):
        at_once(*[lambda: book_detail.get(pk=pk)] * times)
    return len(loads)


_kept: list[Any] = []  # references, without which the announcement of steps would end


class _StopsForEver:
    """An actor (tests/caching/interleaving.py) that never continues."""

    def __init__(self, step: str) -> None:
        self._step = step

    def _reach(self, step: str) -> None:
        if step == self._step:
            print(json.dumps(["stopped", step]), flush=True)
            signal.pause()


def _stop_before(step: str) -> str:
    from tests.caching.interleaving import Interleaving, act_as

    act_as(_StopsForEver(step))
    _kept.append(Interleaving().__enter__())
    return step


def _main(database: str, location: str) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = database
    settings.CACHES["default"]["LOCATION"] = location
    django.setup()
    commands = {
        "title": _title,
        "rename": _rename,
        "breaker": _breaker,
        "fork": _fork,
        "many": _many,
        "stop_before": _stop_before,
    }
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        print(json.dumps(commands[name](*arguments)), flush=True)


if __name__ == "__main__":
    _main(*sys.argv[1:])
