"""A process of one checkout. For each line ``NAME TIMES`` it makes that many requests of a kind.

It prints, as JSON, the milliseconds of each and the CPU milliseconds of all. With CACHE_OFF=1 it runs on
Django's own engine, without the cache's triggers and receivers.
"""

from __future__ import annotations

import io
import itertools
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import django
from django.conf import settings

CACHE_OFF = bool(os.environ.get("CACHE_OFF"))
if CACHE_OFF:
    settings.DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"
django.setup()

import redis  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models.signals import post_migrate, post_save  # noqa: E402

from accounts.actions import issue_access_token  # noqa: E402
from caching.apps import install_triggers  # noqa: E402
from config.wsgi import application, django_application  # noqa: E402
from courses.models import Course  # noqa: E402
from courses.signals import purge_course, purge_top_courses  # noqa: E402
from tasks.models import TaskList  # noqa: E402

Request = Callable[[], bytes]
_started: list[Any] = []
_numbers = itertools.count()
REQUESTS_PER_CLIENT = 8


def _respond(
    app: Any, path: str, method: str = "GET", body: bytes = b"", query: str = "", **more: str
) -> bytes:
    """Return the body of the response to a request, as a server would ask the application for it."""
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SCRIPT_NAME": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "localhost",
        "HTTP_X_FORWARDED_FOR": f"10.0.{next(_numbers) // REQUESTS_PER_CLIENT}.1",
        "CONTENT_TYPE": "application/json" if body else "",
        "CONTENT_LENGTH": str(len(body)) if body else "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        **more,
    }
    _started.clear()
    response = app(environ, lambda *given: _started.extend(given))
    try:
        return b"".join(response)
    finally:
        if hasattr(response, "close"):
            response.close()


def requests() -> dict[str, tuple[Callable[[], None], Request]]:
    """Return by name what precedes each request, which is not timed, and the request."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    source = redis.Redis.from_url(settings.CACHES["source"]["LOCATION"])
    admin = User.objects.filter(is_superuser=True).first()
    owner = TaskList.objects.first().owner
    as_admin, as_owner = (
        {"HTTP_AUTHORIZATION": f"Token {issue_access_token(user=user)}"} for user in (admin, owner)
    )
    pk = Course.objects.filter(is_published=True).values_list("pk", flat=True)[0]
    page, pages, titles = f"/api/v1/courses/{pk}/", "/api/v1/courses/", itertools.count()
    detail = f":1:v1:courses:detail:{pk}"

    def delete_detail() -> None:
        client.delete(detail, f"lease:{{{detail}}}")

    def patch() -> bytes:
        body = json.dumps({"title": f"Title {next(titles)}"}).encode()
        return _respond(application, page, "PATCH", body, **as_admin)

    def nothing() -> None:
        pass

    return {
        "edge": (nothing, lambda: _respond(application, page)),
        "hit": (nothing, lambda: _respond(django_application, page)),
        "miss": (delete_detail, lambda: _respond(application, page)),
        "list miss": (lambda: client.delete(":1:v1:courses:list"), lambda: _respond(application, pages)),
        "source miss": (
            lambda: source.delete(detail),
            lambda: _respond(application, f"/bench/source/courses/{pk}/"),
        ),
        "patch": (nothing, patch),
        "tasks": (nothing, lambda: _respond(application, "/api/v1/tasks/", **as_owner)),
        "subscriptions": (nothing, lambda: _respond(application, "/api/v1/subscriptions/", **as_admin)),
    }


def measure(prepare: Callable[[], None], request: Request) -> Iterator[tuple[float, float]]:
    """Make requests; yield the milliseconds and the CPU milliseconds of each."""
    while True:
        prepare()
        wall_began, cpu_began = time.perf_counter_ns(), time.process_time_ns()
        body = request()
        cpu, wall = time.process_time_ns() - cpu_began, time.perf_counter_ns() - wall_began
        assert _started[0].startswith("200"), (_started, body)
        yield wall / 1e6, cpu / 1e6


def main() -> None:
    if CACHE_OFF:
        post_migrate.disconnect(install_triggers, sender=django.apps.apps.get_app_config("caching"))
        for receiver in (purge_course, purge_top_courses):
            post_save.disconnect(receiver, sender=Course)
    call_command("migrate", verbosity=0)
    call_command("demo", password="only-for-benchmarks", stdout=io.StringIO())
    with connection.cursor() as cursor:  # the disk costs all the same, and much more than the difference
        cursor.execute("SELECT current_database()")
        (name,) = cursor.fetchone()
        cursor.execute(f'ALTER DATABASE "{name}" SET synchronous_commit TO off')
    connection.close()
    actions = requests()
    for line in sys.stdin:
        name, _, times = line.rstrip().rpartition(" ")
        found = list(itertools.islice(measure(*actions[name]), int(times)))
        walls, cpus = zip(*found, strict=True)
        print(json.dumps({"walls": walls, "cpus": cpus}), flush=True)


if __name__ == "__main__":
    main()
