"""The two purges of the catalogue, where their reader looks for them.

They say what a saved or deleted course concerns. Completeness does not rest on them: ``cache.py``
declares what invalidates each value, and the database reports every change, however it is made.
"""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from courses import cache
from courses.models import Course


@receiver([post_save, post_delete], sender=Course)
def purge_course(instance: Course, **_: Any) -> None:
    """The course's own page."""
    cache.course_detail.invalidate(pk=instance.pk)


@receiver([post_save, post_delete], sender=Course)
def purge_top_courses(**_: Any) -> None:
    """The top lists."""
    cache.top_courses.invalidate_all()
