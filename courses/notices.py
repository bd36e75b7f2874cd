"""The mails that learners get: each once, claimed in its row before it is sent."""

from __future__ import annotations

import logging
from smtplib import SMTPRecipientsRefused
from typing import TYPE_CHECKING, Any

from django.core.mail import EmailMessage
from django.utils import timezone

from courses.certificates import holder_name
from courses.models import Certificate, Enrollment

if TYPE_CHECKING:
    from django.db.models import QuerySet

logger = logging.getLogger(__name__)


def send_enrolled(enrollment_id: int) -> None:
    """Tell a learner that the enrolment stands.

    Raises:
        OSError: the mail server did not take it; it stays due.
    """
    rows = Enrollment.objects.filter(pk=enrollment_id)
    enrollment = rows.select_related("user", "course").first()
    if enrollment is None:
        return
    title = enrollment.course.title
    message = EmailMessage(
        subject=f"You are enrolled: {_one_line(title)}",
        body=f"Hello {holder_name(enrollment.user)},\n\nyou are enrolled in the course “{title}”.\n",
        to=[enrollment.user.email],
    )
    _send_once(message, rows)


def send_certificate(certificate_id: int) -> None:
    """Send a learner the certificate, whose file has been made.

    Raises:
        OSError: the file cannot be read or the mail server did not take it; it stays due.
    """
    rows = Certificate.objects.filter(pk=certificate_id)
    certificate = rows.select_related("enrollment__user", "enrollment__course").first()
    if certificate is None:
        return
    user, title = certificate.enrollment.user, certificate.enrollment.course.title
    message = EmailMessage(
        subject=f"Your certificate: {_one_line(title)}",
        body=(
            f"Hello {holder_name(user)},\n\nyou have completed the course “{title}”. Your certificate "
            f"is attached. Anyone can verify it by its number: {certificate.uuid}\n"
        ),
        to=[user.email],
    )
    with certificate.file.open() as file:
        message.attach(f"{certificate.uuid}.pdf", file.read(), "application/pdf")
    _send_once(message, rows)


def _send_once(message: EmailMessage, rows: QuerySet[Any]) -> None:
    """Send the mail of one row, unless somebody else has claimed it."""
    if not rows.filter(notified_at__isnull=True).update(notified_at=timezone.now()):
        return
    if not message.to[0]:
        return  # nowhere to send it, and so nothing due
    try:
        message.send()
    except SMTPRecipientsRefused as error:
        logger.warning("The address is refused, the mail is given up: %s", error)
    except OSError:
        rows.update(notified_at=None)
        raise


def _one_line(text: str) -> str:
    return " ".join(text.split())
