"""``manage.py run``, which ``make run`` calls: run all processes until Ctrl-C."""

import os
import shlex
import signal
import sys
import urllib.request
from argparse import ArgumentParser
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand
from watchfiles import PythonFilter, watch

from config.environment import ROOT, state_dir
from devtools.demo import users
from devtools.demo.plan import PUBLIC_PASSWORD
from devtools.embedded import server_users
from devtools.port_lock import PortTakenError, parse_port, port_lock
from devtools.supervisor import ChildDiedError, StopRequested, Supervisor
from monitoring.redis_cli import redis_cli

HOST = "127.0.0.1"
INTERRUPTED_EXIT_CODE = 130
VERBOSE = os.environ.get("VERBOSE") == "1"  # also times, levels, request ids, and tasks that found nothing
RELOAD = os.environ.get("RELOAD") == "1"  # start everything again when the code has changed


class Command(BaseCommand):
    help = "Migrate, load demo data the first time, and run web, workers and beat together until Ctrl-C."
    requires_system_checks = ()  # migrate runs them

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", default=os.environ.get("PORT") or "8000", help="default: PORT, or 8000")
        parser.add_argument("--end-with-parent", action="store_true", help="stop when the caller has ended")

    def handle(self, *, port: str, end_with_parent: bool, **_: Any) -> None:
        number = parse_port(port)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        if not VERBOSE:
            os.environ.setdefault("LOG_FORMAT", "console")  # of the processes that it starts
        try:
            with port_lock(number, state_dir()) as lock:
                self._prepare()
                locks = [lock, *server_users.held_locks]  # the servers end after the children
                with Supervisor(ROOT, locks, os.getppid() if end_with_parent else None) as supervisor:
                    self._serve(supervisor, number)
        except (PortTakenError, ChildDiedError) as error:
            raise CommandError(str(error)) from error
        except StopRequested:
            self.stdout.write("Stopped.")
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED_EXIT_CODE)

    def _prepare(self) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        if settings.DEBUG and not get_user_model().objects.exists():
            call_command("demo", stdout=self.stdout)
        if not settings.DEBUG:
            call_command("collectstatic", interactive=False, verbosity=0)

    def _serve(self, supervisor: Supervisor, port: int) -> None:
        for name, command in _commands(port).items():
            supervisor.start(name, command)
        supervisor.wait_until(lambda: _answers(port))
        supervisor.say(_welcome(port))
        changed = _changes() if RELOAD else iter([])
        while True:
            supervisor.wait_until(lambda: bool(next(changed, None)))
            supervisor.say("The code has changed: starting everything again")
            supervisor.restart()


def _changes() -> Iterator[set[Any]]:
    """Yield the files of the code that have changed since the last time: an empty set for none, at once."""
    rooms = [path for path in ROOT.iterdir() if (path / "__init__.py").exists() and path.name != "tests"]
    return watch(*rooms, watch_filter=PythonFilter(), rust_timeout=1, yield_on_timeout=True)


def _commands(port: int) -> dict[str, list[str]]:
    # "python -m", because the scripts in .venv/bin do not survive a space in the checkout's path.
    level = "info" if VERBOSE else "warning"
    web = f"gunicorn --bind {HOST}:{port} --graceful-timeout 3 --log-level {level}"
    quiet = "--without-gossip --without-mingle"
    worker = f"celery -q -A config worker -l info -n worker-{port}@%h -Q default,prices {quiet}"
    sender = f"celery -q -A config worker -l info -n sender-{port}@%h -Q outgoing -c 2 {quiet}"
    schedule = state_dir() / f"celerybeat-schedule-{port}"
    # Celery warns a worker of root in nine lines. Here they would be the first lines read.
    module = [sys.executable, "-W", "ignore:You're running the worker with superuser", "-m"]
    return {
        "web": [*module, *web.split(), "config.wsgi:application"],
        "worker": [*module, *worker.split()],
        "sender": [*module, *sender.split()],
        "beat": [*module, *["celery", "-q", "-A", "config", "beat", "-l", "info", "-s"], str(schedule)],
    }


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/health/live", timeout=1) as response:
            return bool(response.status == HTTPStatus.OK)
    except OSError:
        return False


def _welcome(port: int) -> str:
    address = f"http://{HOST}:{port}"
    lines = [
        "",
        f"  Start page  {address}/",
        f"  API         {address}/api/v1/courses/",
        f"  Docs        {address}/api/docs/",
        f"  Admin       {address}/admin/",
        *(f"  Sign in     {name} / {PUBLIC_PASSWORD}" for name in users.shown(PUBLIC_PASSWORD)),
        f"  Redis       {shlex.join(redis_cli())}",
        "",
        "  Ctrl-C stops everything.",
        "",
    ]
    return "\n".join(lines)
