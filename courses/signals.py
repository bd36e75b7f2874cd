"""What saved and deleted rows cause: the catalogue's two purges, and the deletion of files.

The purges are here where a reader looks for them. The cache does not depend on them: ``cache.py`` declares
what invalidates each value, and the database reports every change, however it is made.
"""

from __future__ import annotations

import functools
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from courses import cache, certificates
from courses.models import Certificate, Course


@receiver([post_save, post_delete], sender=Course)
def purge_course(instance: Course, **_: Any) -> None:
    """Invalidate the course's own page."""
    cache.course_detail.invalidate(pk=instance.pk)


@receiver([post_save, post_delete], sender=Course)
def purge_top_courses(**_: Any) -> None:
    """Invalidate the top lists."""
    cache.top_courses.invalidate_all()


@receiver(post_delete, sender=Certificate)
def delete_certificate_file(instance: Certificate, **_: Any) -> None:
    """Delete the file once the deletion of its row is committed."""
    name = instance.file.name
    if name:
        transaction.on_commit(functools.partial(certificates.delete_file, name), robust=True)
