"""Demo data: for each app, one module fills its tables up to a number of rows.

A generator adds only missing rows, so a second run adds nothing, and edited rows stay as they are. The
content of a row depends only on the seed and the row's number, so the same seed always makes the same data.
"""

from collections.abc import Callable

from django.db import transaction

from devtools.demo import courses, learning, services, tasks, topics, users
from devtools.demo.plan import Plan

# In the order of their foreign keys. Each returns the number of rows that it added.
GENERATORS: dict[str, Callable[[Plan], int]] = {
    "users": users.fill,
    "courses": courses.fill,
    "learners": learning.fill,
    "services": services.fill,
    "topics": topics.fill,
    "task lists": tasks.fill,
}


def fill(plan: Plan) -> dict[str, int]:
    """Fill the tables of every app, each app in one transaction. Return the number of rows added, by app."""
    added = {}
    for name, generator in GENERATORS.items():
        with transaction.atomic():
            added[name] = generator(plan)
    return added
