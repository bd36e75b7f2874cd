"""How often courses are read: counted in Redis, added to CourseStats in batches.

::

    reader       HINCRBY courses:views           (course_views)
    flush        courses:views is renamed to courses:views:batch and named     (take_views.lua)
                 one transaction: the batch's name is recorded, its views are added
                 the batch is deleted                                          (drop_views.lua)

A flush that is killed leaves the batch, and the next flush takes it again. If it was killed after its
commit, the recorded name shows that the views have been added.
"""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from django.db import transaction
from django.db.models import BigIntegerField, F, Func, JSONField, TextField, Value
from django.db.models.functions import Cast
from django.utils import timezone

from caching.redis.scripts import Script, ScriptCall
from core import redis_state
from courses.models import CourseStats, ViewBatch
from courses.statistics import lock_statistics

COUNTING = "courses:views"
BATCH = "courses:views:batch"
course_views = redis_state.ReadCounter(COUNTING, "pk")
BATCH_RETENTION = timedelta(days=7)
TAKE_VIEWS, DROP_VIEWS = (
    Script.load(Path(__file__).parent / "lua" / f"{name}.lua") for name in ("take_views", "drop_views")
)


class Batch(NamedTuple):
    """Views by course id, under a name that no other batch has."""

    name: str
    views: dict[str, int]


def flush_views() -> int:
    """Add what was counted to the database. Return how many courses changed.

    Raises:
        RedisUnavailable: nothing is lost.
    """
    batch = take_batch()
    if batch is None:
        return 0
    changed = add_batch(batch)
    drop_batch(batch)
    return changed


def take_batch() -> Batch | None:
    """Return the batch to be added, closed for counting; None if nothing was counted."""
    fields = redis_state.server().run(ScriptCall(TAKE_VIEWS, [COUNTING, BATCH], [str(uuid.uuid4())]))
    texts = [field.decode() for field in fields]
    views = dict(zip(texts[::2], texts[1::2], strict=True))
    return Batch(views.pop("#id"), {pk: int(n) for pk, n in views.items()}) if views else None


@transaction.atomic
def add_batch(batch: Batch) -> int:
    """Add a batch in one statement, unless it has been added. Return how many courses changed."""
    _, is_new = ViewBatch.objects.get_or_create(pk=batch.name)
    if not is_new:
        return 0
    ViewBatch.objects.filter(applied_at__lt=timezone.now() - BATCH_RETENTION).delete()
    ids = lock_statistics(int(pk) for pk in batch.views)
    return CourseStats.objects.filter(pk__in=ids).update(views=F("views") + _counted(batch))


def drop_batch(batch: Batch) -> None:
    """Delete a batch that was added."""
    redis_state.server().run(ScriptCall(DROP_VIEWS, [BATCH], [batch.name]))


def _counted(batch: Batch) -> Cast:
    """Return the batch's number for the row: ``'{"7": 12}'::jsonb ->> course_id::text``."""
    numbers = Cast(Value(json.dumps(batch.views)), JSONField())
    number = Func(numbers, Cast("pk", TextField()), arg_joiner=" ->> ", template="(%(expressions)s)")
    return Cast(number, BigIntegerField())
