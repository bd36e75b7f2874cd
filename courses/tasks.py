"""The Celery tasks. Each may be repeated, lost or run twice at once.

What an action publishes only saves time. The work that is due can be read from the database, and the
periodic tasks (CELERY_BEAT_SCHEDULE) find it.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from courses import certificates, statistics, view_counts
from courses.fonts import MissingFontError
from courses.models import Certificate

logger = logging.getLogger(__name__)

# Younger work may still be in the queue.
OVERDUE_AFTER = timedelta(minutes=1)
MAX_AT_ONCE = 500


@shared_task(autoretry_for=[OSError], retry_backoff=True, max_retries=5)
def certify(enrollment_id: int) -> None:
    """Make the certificate of a completed enrolment, which is mailed to the learner.

    One that no font here can show is left unmade, with the reason in the log (``catch_up`` tries again).
    """
    try:
        certificates.make_certificate(enrollment_id)
    except MissingFontError as error:
        logger.error("The certificate of enrolment %s is not made: %s", enrollment_id, error)  # noqa: TRY400


@shared_task
def refresh_statistics(course_ids: list[int]) -> None:
    """Bring ``students_count`` and ``rating`` of some courses up to date."""
    statistics.refresh_statistics(course_ids)


@shared_task
def reconcile_statistics() -> None:
    """Repair ``students_count`` and ``rating`` wherever they have drifted."""
    statistics.reconcile_statistics()


@shared_task
def flush_views() -> None:
    """Add the views that were counted to the courses."""
    view_counts.flush_views()


@shared_task
def catch_up() -> None:
    """Publish again the making of certificates that is overdue."""
    unmade = Certificate.objects.filter(file="", issued_at__lt=timezone.now() - OVERDUE_AFTER)
    for pk in unmade.order_by("issued_at").values_list("enrollment_id", flat=True)[:MAX_AT_ONCE]:
        certify.delay(pk)


@shared_task
def delete_orphaned_files() -> None:
    """Delete the files of certificates that were deleted."""
    certificates.delete_orphaned_files()
