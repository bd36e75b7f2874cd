"""Measure lists of 100,000 tasks of one owner, beside as many of others: the database's time for each page.

    .venv/bin/python -m benchmarks.task_lists [--lists 1 100]

On the test suite's PostgreSQL, which has to be free. Each line has the milliseconds of each statement: the
ids of the lists, the count, the page; of three requests the fastest.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
from datetime import timedelta
from itertools import islice
from typing import Any

TASKS = 100_000
ADDRESSES = [
    "tasks/",
    *(f"tasks/?page={page}" for page in (2500, 5000)),
    *(
        f"tasks/?order={order}&page=5000"
        for order in ("name", "deadline", "-deadline", "status", "completed_at", "created_at", "-updated_at")
    ),
    "tasks/?assigned_to={member}",
    "tasks/?assigned_to={member}&page=300",
    *(f"tasks/?status={status}" for status in ("pending", "completed", "overdue")),
    "tasks/?overdue=false&page=2500",
    "tasks/?deadline_from=2026-11-01T00:00:00Z&deadline_to=2026-11-05T00:00:00Z",
    *(f"tasks/?search={words}" for words in ("paint", "paint+wash+77", "nothing", "user3")),
    "lists/{list}/tasks/",
    "lists/",
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--lists", type=int, nargs="+", default=[1, 100], help="over how many lists")
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    from django.test.runner import DiscoverRunner

    logging.disable()
    runner = DiscoverRunner(verbosity=0, interactive=False)
    runner.setup_test_environment()
    for lists in options.lists:
        databases = runner.setup_databases()
        try:
            measure(lists)
        finally:
            runner.teardown_databases(databases)


def measure(lists: int) -> None:
    from django.conf import settings
    from rest_framework.test import APIClient

    rates: dict[str, Any] = settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]
    rates.update(dict.fromkeys(rates))
    owner, member, first = fill(lists)
    client = APIClient()
    client.force_authenticate(owner)
    print(f"{TASKS:,} tasks in {lists} lists", flush=True)
    for address in ADDRESSES:
        path = f"/api/v1/{address.format(member=member.pk, list=first.pk)}"
        times = min((statement_times(client, path) for _ in range(3)), key=sum)
        print(f"{sum(times):>8.0f} ms  {address:<45} {' + '.join(f'{one:.0f}' for one in times)}", flush=True)


def statement_times(client: Any, path: str) -> list[float]:
    """Return the milliseconds of each SELECT of a request."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as statements:
        assert client.get(path).status_code in {200, 404}
    return [float(one["time"]) * 1000 for one in statements if one["sql"].startswith("SELECT")]


def fill(lists: int) -> tuple[Any, Any, Any]:
    """Make the tasks of an owner and those of others; return the owner, a member and the first list."""
    from django.contrib.auth.models import User
    from django.db import connection

    from tasks.models import Task, TaskList

    users = User.objects.bulk_create(User(username=f"user{number}") for number in range(100))
    mine = TaskList.objects.bulk_create(TaskList(name=f"List {n}", owner=users[0]) for n in range(lists))
    others = TaskList.objects.bulk_create(TaskList(name=f"List {n}", owner=users[n]) for n in range(1, 100))
    for task_list in mine:
        task_list.members.set(users[1:10])
    seeded = random.Random(1)
    tasks = [make(number, pool, users[:10], seeded) for number in range(TASKS) for pool in (mine, others)]
    seeded.shuffle(tasks)
    Task.objects.bulk_create(tasks, batch_size=5_000)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return users[0], users[3], mine[0]


def make(number: int, pool: list[Any], team: list[Any], seeded: random.Random) -> Any:
    from django.utils import timezone

    from tasks.models import Task

    now = timezone.now()
    words = ["plan", "write", "test", "ship", "review", "paint", "wash", "call", "order", "print"]
    is_done = seeded.random() < 0.5
    return Task(
        task_list=pool[number % len(pool)],
        name=" ".join([*islice(iter(lambda: seeded.choice(words), ""), 2), str(number)]),
        description="x" * 100,
        assigned_to=seeded.choice(team) if seeded.random() < 0.8 else None,
        deadline=now + timedelta(minutes=seeded.randint(-500_000, 500_000)) if number % 10 < 7 else None,
        status="completed" if is_done else seeded.choice(["pending", "in_progress"]),
        completed_at=now - timedelta(minutes=seeded.randint(0, 100_000)) if is_done else None,
    )


if __name__ == "__main__":
    main()
