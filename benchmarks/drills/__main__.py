"""Run drills: ``python -m benchmarks.drills [--quick] [name …]``, where a name is the beginning of one.

Each serves the project as shipped, on servers of its own, under a small load, and breaks something. The table
shows what clients and probes saw. The exit code is 1 if a bound is missed.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.drills import report
from benchmarks.drills.drill import DRILLS, Unavailable
from benchmarks.servers import begin

FAMILIES = ("deploys", "crowds", "databases", "redis_servers", "redis_clusters", "redis_sentinels", "workers")


def prepare() -> str:
    """Start PostgreSQL and a Redis, load the demo data, and return a token of an administrator."""
    state = begin("drills")
    from benchmarks.drills import world

    os.environ |= world.start(state)
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DJANGO_SECRET_KEY": secrets.token_urlsafe(64),
        "NUM_PROXIES": "1",  # each request of the load has an address of its own
        "THROTTLE_USER": "off",  # one user sends all requests that need one
    }
    import django

    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.db import connections

    from accounts.actions import issue_access_token

    call_command("migrate", verbosity=0)
    call_command("demo", password=secrets.token_urlsafe(16), stdout=sys.stderr)
    token = str(issue_access_token(user=User.objects.get(username="admin")))
    connections.close_all()
    return token


def run(name: str, token: str, **seconds: float) -> list[str]:
    """Run a drill, print its line, and return the bounds that it missed."""
    from benchmarks.drills.load import Trial
    from benchmarks.drills.servers import Node

    folder = Path(tempfile.mkdtemp(prefix="drill-"))
    folder.chmod(0o755)  # PostgreSQL's user enters it
    try:
        with DRILLS[name](folder) as drill:
            node = None if drill.port else Node(folder / "web.log", **drill.environment)
            trial = Trial(node.port if node else drill.port, token)
            try:
                trial.run(drill, **seconds)
                note = drill.settle()
            finally:
                if node:
                    node.stop()
    except Unavailable as reason:
        print(f"{name:40} skipped: {reason}", flush=True)
        return []
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    bounds = report.missed(drill, trial)
    verdict = f"MISSED: {', '.join(bounds)}" if bounds else "kept"
    print(report.line(name, trial), verdict, note, flush=True)
    return bounds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="PostgreSQL hangs for 10 s, not for 30")
    parser.add_argument("names", nargs="*", help="the beginnings of names; all if there are none")
    options = parser.parse_args()
    if options.quick:
        os.environ["DRILLS_QUICK"] = "1"
    token = prepare()
    for family in FAMILIES:
        __import__(f"benchmarks.drills.{family}")
    chosen = [name for name in DRILLS if not options.names or name.startswith(tuple(options.names))]
    if not chosen:
        raise SystemExit(f"There is no such drill: {'; '.join(DRILLS)}")
    print(report.HEADER)
    failed = [name for name in chosen if run(name, token)]
    print(report.BOUNDS)
    if failed:
        raise SystemExit(f"MISSED: {'; '.join(failed)}")


if __name__ == "__main__":
    main()
