"""The Celery tasks. Each may be repeated, lost or run twice at once.

What an action publishes only saves time. The work that is due can be read from the database, and the
periodic tasks (CELERY_BEAT_SCHEDULE) find it.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from core.celery import summary
from courses import certificates, statistics, view_counts
from courses.fonts import MissingFontError
from courses.models import Certificate

logger = logging.getLogger(__name__)

# Younger work may still be in the queue.
OVERDUE_AFTER = timedelta(minutes=1)
MAX_AT_ONCE = 500


@shared_task(autoretry_for=[OSError], retry_backoff=True, max_retries=5)
def certify(enrollment_id: int) -> str:
    """Make the certificate of a completed enrolment, which is mailed to the learner.

    One that no font here can show is left unmade, with the reason in the log (``catch_up`` tries again).
    """
    try:
        certificate = certificates.make_certificate(enrollment_id)
    except MissingFontError as error:
        logger.error("The certificate of enrolment %s is not made: %s", enrollment_id, error)  # noqa: TRY400
        return ""
    return f"certificate {certificate}" if certificate else ""


@shared_task
def refresh_statistics(course_ids: list[int]) -> str:
    """Bring ``students_count`` and ``rating`` of some courses up to date."""
    return summary(courses_changed=statistics.refresh_statistics(course_ids))


@shared_task
def reconcile_statistics() -> str:
    """Repair ``students_count`` and ``rating`` wherever they have drifted."""
    return summary(courses_repaired=statistics.reconcile_statistics())


@shared_task
def flush_views() -> str:
    """Add the views that were counted to the courses."""
    return summary(courses_with_new_views=view_counts.flush_views())


@shared_task
def catch_up() -> str:
    """Publish again the making of certificates that is overdue.

    They are chosen at random: those that no font can show, which stay, do not keep the others out.
    """
    unmade = Certificate.objects.filter(file="", issued_at__lt=timezone.now() - OVERDUE_AFTER)
    overdue = list(unmade.order_by("?").values_list("enrollment_id", flat=True)[:MAX_AT_ONCE])
    for pk in overdue:
        certify.delay(pk)
    return summary(certificates_requested_again=len(overdue))


@shared_task
def delete_orphaned_files() -> str:
    """Delete the files of certificates that were deleted."""
    return summary(files_deleted=certificates.delete_orphaned_files())
