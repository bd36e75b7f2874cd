"""A process of one checkout. For each line ``NAME TIMES`` it makes that many requests of a kind.

It prints, as JSON, the milliseconds of each and the CPU milliseconds of all.
"""

from __future__ import annotations

import io
import itertools
import json
import sys
import time

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.test import Client  # noqa: E402

from accounts.actions import issue_access_token  # noqa: E402
from courses.models import Course  # noqa: E402
from tasks.models import TaskList  # noqa: E402

_titles = itertools.count()


def requests(client: Client):
    """Return, by name, functions that make a request and return the response."""
    admin = User.objects.filter(is_superuser=True).first()
    owner = TaskList.objects.first().owner
    as_admin = {"HTTP_AUTHORIZATION": f"Token {issue_access_token(user=admin)}"}
    as_owner = {"HTTP_AUTHORIZATION": f"Token {issue_access_token(user=owner)}"}
    courses = list(Course.objects.filter(is_published=True).values_list("pk", flat=True)[:20])
    page = f"/api/v1/courses/{courses[0]}/"
    misses = itertools.count()

    def patch():
        body = json.dumps({"title": f"Title {next(_titles)}"})
        return client.patch(page, body, content_type="application/json", **as_admin)

    def miss():
        return client.get("/api/v1/courses/", {"search": f"no such {next(misses)}"})

    return {
        "hit": lambda: client.get(page),
        "miss": miss,
        "patch": patch,
        "tasks": lambda: client.get("/api/v1/tasks/", **as_owner),
        "subscriptions": lambda: client.get("/api/v1/subscriptions/", **as_admin),
    }


def main() -> None:
    call_command("migrate", verbosity=0)
    call_command("demo", password="only-for-benchmarks", stdout=io.StringIO())
    get_wsgi_application()
    client = Client(HTTP_HOST="localhost", enforce_csrf_checks=False)
    actions = requests(client)
    for line in sys.stdin:
        name, times = line.split()
        walls, cpu = [], 0
        for _ in range(int(times)):
            wall_began, cpu_began = time.perf_counter_ns(), time.process_time_ns()
            response = actions[name]()
            cpu += time.process_time_ns() - cpu_began
            walls.append((time.perf_counter_ns() - wall_began) / 1e6)
            assert response.status_code == 200, (name, response.status_code, response.content)
        print(json.dumps({"walls": walls, "cpu": cpu / 1e6}), flush=True)


if __name__ == "__main__":
    main()
