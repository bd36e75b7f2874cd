"""A process of one build: ``python -m gauge.worker``.

For each line ``ACTION TIMES`` it runs the action that many times and prints, as JSON, the milliseconds of
each and the CPU milliseconds of all.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import sys
import time
from collections.abc import Callable, Iterator

import django

django.setup()

import psycopg2  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.db.models import F  # noqa: E402
from gauge.cached import ROWS, declarations  # noqa: E402
from gauge.models import Child, One, Parent, Three  # noqa: E402

MANY, CHILDREN, FIRST_NEW = 500, 5, 100_000
Nothing = Callable[[], None]
_numbers = itertools.count(10 * ROWS)


def hit() -> None:
    declarations.one.get(pk=1)  # type: ignore[union-attr]


def miss() -> None:
    declarations.one.get(pk=next(_numbers))  # type: ignore[union-attr]


def commit_one() -> None:
    with transaction.atomic():
        one = One.objects.get(pk=1)
        one.number += 1
        one.save()


def commit_three() -> None:
    with transaction.atomic():
        three = Three.objects.get(pk=1)
        three.number += 1
        three.save()


def commit_parent() -> None:
    with transaction.atomic():
        parent = Parent.objects.get(pk=1)
        parent.number += 1
        parent.save()


def save() -> None:
    Three(pk=1, number=1).save(force_update=True)


def update_one() -> None:
    Three.objects.filter(pk=1).update(number=F("number") + 1)


def update_many() -> None:
    Three.objects.filter(pk__lte=MANY).update(number=F("number") + 1)


def bulk_create() -> None:
    Three.objects.bulk_create([Three(pk=FIRST_NEW + n) for n in range(MANY)])


def select() -> None:
    One.objects.get(pk=1)


def select_raw() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


READS = {"hit": hit, "miss": miss}
WRITES = {
    action.__name__: action
    for action in (
        select,
        select_raw,
        commit_one,
        commit_three,
        commit_parent,
        save,
        update_one,
        update_many,
        bulk_create,
    )
}


@contextlib.contextmanager
def undone(name: str, own: object) -> Iterator[Nothing]:
    """Yield a function that undoes an action so that it can be repeated. Its time is not measured."""
    if name != "bulk_create":
        yield lambda: None
        return
    cursor = own.cursor()  # type: ignore[attr-defined]
    yield lambda: cursor.execute("DELETE FROM gauge_three WHERE id >= %s", [FIRST_NEW])


def measure(name: str, times: int, own: object) -> dict[str, object]:
    action = (READS | WRITES)[name]
    walls, cpu = [], 0
    with undone(name, own) as undo:
        for _ in range(times):
            wall_began, cpu_began = time.perf_counter_ns(), time.process_time_ns()
            action()
            cpu += time.process_time_ns() - cpu_began
            walls.append((time.perf_counter_ns() - wall_began) / 1e6)
            undo()
    return {"walls": walls, "cpu": cpu / 1e6}


def prepare() -> None:
    call_command("migrate", run_syncdb=True, verbosity=0)
    for model in (One, Three):
        model.objects.bulk_create([model(pk=pk) for pk in range(1, ROWS + 1)])
    Parent.objects.create(pk=1)
    Child.objects.bulk_create([Child(pk=pk, parent_id=1) for pk in range(1, CHILDREN + 1)])


def main() -> None:
    prepare()
    own = psycopg2.connect(os.environ["DATABASE_URL"])
    own.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO off")  # the disk costs all contestants the same
    for line in sys.stdin:
        name, times = line.split()
        print(json.dumps(measure(name, int(times), own)), flush=True)


if __name__ == "__main__":
    main()
