"""Demo data: for each app one module that fills its tables up to a number of rows.

A generator adds what is missing up to that number, so a second run adds nothing, and whatever was
edited in between stays as it is. What a row contains depends on the seed and the row's own number
alone, so an empty database filled with the same seed is always filled the same way.
"""

from collections.abc import Callable

from django.db import transaction

from devtools.demo import courses, services, tasks, topics, users
from devtools.demo.plan import Plan

# In the order of their foreign keys. Each returns how many rows it added.
GENERATORS: dict[str, Callable[[Plan], int]] = {
    "users": users.fill,
    "courses": courses.fill,
    "services": services.fill,
    "topics": topics.fill,
    "task lists": tasks.fill,
}


def fill(plan: Plan) -> dict[str, int]:
    """Fill every app's tables; each app is filled as a whole or not at all.

    Returns:
        The number of rows added, by app.
    """
    added = {}
    for name, generator in GENERATORS.items():
        with transaction.atomic():
            added[name] = generator(plan)
    return added
