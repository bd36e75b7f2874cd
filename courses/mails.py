"""The mails that learners get: each at most once, claimed in its row before it is sent."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils import timezone

from courses.certificates import holder_name
from courses.models import Certificate, Enrollment
from messaging.email import send_mail
from messaging.notify import Refused, TryLater, Unknown

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from messaging.email import Attachment

logger = logging.getLogger(__name__)


class Mail(NamedTuple):
    address: str
    subject: str
    text: str
    attachments: tuple[Attachment, ...] = ()


def send_enrolled(enrollment_id: int) -> None:
    """Tell a learner that the enrolment stands.

    Raises:
        TryLater: the mail server does not take it now; it stays due.
    """
    rows = Enrollment.objects.filter(pk=enrollment_id)
    enrollment = rows.select_related("user", "course").first()
    if enrollment is None:
        return
    title = enrollment.course.title
    mail = Mail(
        address=enrollment.user.email,
        subject=f"You are enrolled: {title}",
        text=f"Hello {holder_name(enrollment.user)},\n\nyou are enrolled in the course “{title}”.\n",
    )
    _send_once(mail, rows)


def send_certificate(certificate_id: int) -> None:
    """Send a learner the certificate, whose file has been made.

    Raises:
        OSError: the file cannot be read; it stays due.
        TryLater: the mail server does not take it now; it stays due.
    """
    rows = Certificate.objects.filter(pk=certificate_id)
    certificate = rows.select_related("enrollment__user", "enrollment__course").first()
    if certificate is None:
        return
    user, title = certificate.enrollment.user, certificate.enrollment.course.title
    with certificate.file.open() as file:
        attachment = (f"{certificate.uuid}.pdf", file.read(), "application/pdf")
    mail = Mail(
        address=user.email,
        subject=f"Your certificate: {title}",
        text=(
            f"Hello {holder_name(user)},\n\nyou have completed the course “{title}”. Your certificate "
            f"is attached. Anyone can verify it by its number: {certificate.uuid}\n"
        ),
        attachments=(attachment,),
    )
    _send_once(mail, rows)


def _send_once(mail: Mail, rows: QuerySet[Any]) -> None:
    """Send the mail of one row, unless somebody else has claimed it."""
    if not rows.filter(notified_at__isnull=True).update(notified_at=timezone.now()):
        return
    if not mail.address:
        return  # nowhere to send it, and so nothing due
    try:
        send_mail(*mail)
    except TryLater:
        rows.update(notified_at=None)
        raise
    except Refused as error:
        logger.warning("A mail is refused and given up: %s", error)
    except Unknown as error:
        logger.warning("A mail may have arrived and is not sent again: %s", error)
