"""Writes of a course's modules and lessons that need locks or several rows.

Each locks the course first: they follow one another, so two simultaneous ones leave the places right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, transaction
from django.db.models import F, Func, IntegerField, Value
from django.db.models.fields import BigIntegerField

from api.problems.exceptions import Conflict
from courses.models import Lesson

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.db.models import QuerySet

    from courses.models import Module


@transaction.atomic
def reorder(children: QuerySet[Any], ids: Sequence[int]) -> None:
    """Put the modules of a course, or the lessons of a module, in this order, in one statement.

    ``children`` are in their present order. The caller has locked the course.

    Raises:
        Conflict: these are not all the children, or not only those.
    """
    present = list(children.values_list("pk", flat=True))
    if set(present) != set(ids):
        raise Conflict(
            f"Name exactly those that are there. Missing: {_listed(set(present) - set(ids))}; "
            f"not there: {_listed(set(ids) - set(present))}."
        )
    if present != list(ids):
        array = Value(list(ids), output_field=ArrayField(BigIntegerField()))
        place = Func(array, F("pk"), function="array_position", output_field=IntegerField())
        children.order_by().update(position=place)
        connection.check_constraints()


@transaction.atomic
def delete_lesson(lesson: Lesson) -> None:
    """Delete a lesson and its completions."""
    _lock_for_deletion(Lesson.objects.filter(pk=lesson.pk))
    lesson.delete()


@transaction.atomic
def delete_module(module: Module) -> None:
    """Delete a module with its lessons and their completions."""
    _lock_for_deletion(Lesson.objects.filter(module=module))
    module.delete()


def _lock_for_deletion(lessons: QuerySet[Lesson]) -> None:
    """Lock lessons against completions, which refer to their keys: none is added while they go."""
    list(lessons.select_for_update().order_by("pk").values_list("pk"))


def _listed(ids: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(ids)[:10])) or "none"
