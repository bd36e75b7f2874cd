"""The path of a request through the project's own files, function by function:

    .venv/bin/python -m benchmarks.path

It traces a GET of a course that is a miss and one that is a hit, both of an anonymous caller and through
Django, a PATCH with the token of a superuser, and a hit that the edge answers, with a real PostgreSQL and
Redis. For each it prints how many files of the project the request passes, and the functions in the order of
their first call.
"""

from __future__ import annotations

import io
import itertools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from benchmarks.servers import start_servers

ROOT = Path(__file__).resolve().parent.parent
NOT_TRACED = ("benchmarks/", "tests/", ".")
JSON = "application/json"
PASSWORD = "only-for-benchmarks"


class Step(NamedTuple):
    file: str
    function: str


class Passage(NamedTuple):
    """One traced request."""

    name: str
    status: int
    x_cache: str
    steps: list[Step]

    @property
    def files(self) -> list[str]:
        return list(dict.fromkeys(step.file for step in self.steps))

    @property
    def functions(self) -> list[Step]:
        return list(dict.fromkeys(self.steps))

    @property
    def moves(self) -> int:
        """Return how often the next call is in another file."""
        return sum(a.file != b.file for a, b in zip(self.steps, self.steps[1:], strict=False))


def measure(course: int, credentials: dict[str, str]) -> list[Passage]:
    """Trace the four requests, after each was made once so that modules are imported.

    Args:
        course: the id of a published course.
        credentials: username and password of a superuser.
    """
    from django.test import Client

    path = f"/api/v1/courses/{course}/"
    anonymous = Client()
    token = anonymous.post("/api/v1/auth/token/", credentials, content_type=JSON).json()["token"]
    admin = Client(headers={"authorization": f"Token {token}"})

    def get() -> Any:
        return anonymous.get(path)

    titles = itertools.count()

    def patch() -> Any:
        return admin.patch(path, {"title": f"Title {next(titles)}"}, content_type=JSON)

    for request in (get, get, patch):
        request()
    through_django = [_trace("GET, miss", get), _trace("GET, hit", get), _trace("PATCH", patch)]
    edge_get = _by_wsgi(path)
    for _ in range(4):  # a miss, two hits from which the edge learns, and one that it answers
        edge_get()
    return [*through_django, _trace("GET, hit at the edge", edge_get)]


def _by_wsgi(path: str) -> Callable[[], Any]:
    """Return a function that sends a GET to the application with the edge in front."""
    from django.core.handlers.wsgi import WSGIHandler
    from django.http import HttpResponse
    from django.test import RequestFactory

    from edge.wsgi import wrap

    application = wrap(WSGIHandler())

    def get() -> Any:
        environ = RequestFactory()._base_environ(PATH_INFO=path, HTTP_HOST="testserver")
        del environ["HTTP_COOKIE"]
        started: list[Any] = []
        body = b"".join(application(environ, lambda *given: started.extend(given)))
        return HttpResponse(body, status=int(started[0][:3]), headers=dict(started[1]))

    return get


def _trace(name: str, request: Callable[[], Any]) -> Passage:
    with _profiling() as steps:
        response = request()
    return Passage(name, response.status_code, response.get("X-Cache", ""), steps)


@contextmanager
def _profiling() -> Iterator[list[Step]]:
    """Yield a list that gets every call of the project's functions in this thread."""
    steps: list[Step] = []
    root = f"{ROOT}{os.sep}"

    def profile(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        file = code.co_filename.removeprefix(root)
        is_traced = file != code.co_filename and not file.startswith(NOT_TRACED)
        if event == "call" and is_traced and not code.co_name.startswith("<"):  # no comprehension, no lambda
            steps.append(Step(file, code.co_qualname.replace(".<locals>", "")))

    sys.setprofile(profile)
    try:
        yield steps
    finally:
        sys.setprofile(None)


def report(passages: list[Passage]) -> None:
    for passage in passages:
        print(
            f"{passage.name}: status {passage.status}, X-Cache {passage.x_cache or 'none'}: "
            f"{len(passage.files)} files, {len(passage.functions)} functions, {passage.moves} moves"
        )
        for step in passage.functions:
            print(f"    {step.file}:{step.function}")


def main() -> None:
    start_servers("path")
    os.environ.update(DJANGO_SETTINGS_MODULE="config.settings", DJANGO_SECRET_KEY=PASSWORD)
    os.environ.update(DEBUG="0", ALLOWED_HOSTS="testserver")
    import django

    django.setup()
    from django.core.management import call_command

    from courses.models import Course

    call_command("migrate", verbosity=0)
    call_command("demo", password=PASSWORD, stdout=io.StringIO())
    course = Course.objects.filter(is_published=True).order_by("id").values_list("id", flat=True)[0]
    report(measure(course, {"username": "admin", "password": PASSWORD}))


if __name__ == "__main__":
    main()
