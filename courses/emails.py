"""The e-mails that learners get: each is sent at most once, and claimed in its row before."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils import timezone

from courses.models import Certificate, Enrollment, learner_name
from messaging.email import send_mail
from messaging.notify import Refused, TryLater, Unknown

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from messaging.email import Attachment

logger = logging.getLogger(__name__)


class Email(NamedTuple):
    address: str
    subject: str
    text: str
    attachments: tuple[Attachment, ...] = ()


def send_enrolled(enrollment_id: int) -> None:
    """Send a learner the confirmation of an enrolment.

    Raises:
        TryLater: the mail server does not take it now; it stays due.
    """
    rows = Enrollment.objects.filter(pk=enrollment_id)
    enrollment = rows.select_related("user", "course").first()
    if enrollment is None:
        return
    title = enrollment.course.title
    email = Email(
        address=enrollment.user.email,
        subject=f"You are enrolled: {title}",
        text=f"Hello {learner_name(enrollment.user)},\n\nyou are enrolled in the course “{title}”.\n",
    )
    _send_once(email, rows)


def send_certificate(certificate_id: int) -> None:
    """Send a learner the certificate, whose file has been made.

    Raises:
        OSError: the file cannot be read; it stays due.
        TryLater: the mail server does not take it now; it stays due.
    """
    rows = Certificate.objects.filter(pk=certificate_id)
    certificate = rows.select_related("enrollment__user").first()
    if certificate is None:
        return
    title = certificate.course_title
    with certificate.file.open() as file:
        attachment = (f"{certificate.uuid}.pdf", file.read(), "application/pdf")
    email = Email(
        address=certificate.enrollment.user.email,
        subject=f"Your certificate: {title}",
        text=(
            f"Hello {certificate.learner_name},\n\nyou have completed the course “{title}”. Your certificate "
            f"is attached. Anyone can verify it by its number: {certificate.uuid}\n"
        ),
        attachments=(attachment,),
    )
    _send_once(email, rows)


def _send_once(email: Email, rows: QuerySet[Any]) -> None:
    """Send the e-mail of one row, unless another sender has claimed it."""
    if not rows.filter(notified_at__isnull=True).update(notified_at=timezone.now()):
        return
    if not email.address:
        return  # there is no address: nothing is due
    try:
        send_mail(*email)
    except TryLater:
        rows.update(notified_at=None)
        raise
    except Refused as error:
        logger.warning("An e-mail is refused and given up: %s", error)
    except Unknown as error:
        logger.warning("An e-mail may have arrived and is not sent again: %s", error)
