"""What the e-mails say that learners get. They are recorded by actions.py and certificates.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.names import display_name
from courses import tasks
from courses.certificates import has_file, page_address
from courses.models import Certificate, Enrollment
from messaging.composers import Content, composer

if TYPE_CHECKING:
    from messaging.models import OutgoingMessage


@composer("courses.enrolled")
def compose_enrolled(message: OutgoingMessage) -> Content | None:
    """Return the confirmation of an enrolment, None if the learner has left the course."""
    rows = Enrollment.objects.filter(pk=message.payload["enrollment"])
    enrollment = rows.select_related("course").first()
    if enrollment is None:
        return None
    title = enrollment.course.title
    text = f"Hello {display_name(message.user)},\n\nyou are enrolled in the course “{title}”.\n"
    return Content(f"You are enrolled: {title}", text)


@composer("courses.certificate")
def compose_certificate(message: OutgoingMessage) -> Content | None:
    """Return the mail with the certificate, None if it was deleted.

    Raises:
        OSError: the file cannot be read. One that is lost is made again for the next attempt.
    """
    certificate = Certificate.objects.filter(pk=message.payload["certificate"]).first()
    if certificate is None:
        return None
    if not has_file(certificate):
        tasks.certify.publish(certificate.enrollment_id)
    with certificate.file.open() as file:
        attachment = (f"{certificate.uuid}.pdf", file.read(), "application/pdf")
    text = (
        f"Hello {certificate.learner_name},\n\nyou have completed the course “{certificate.course_title}”. "
        f"Your certificate is attached. Anyone can verify it here:\n\n{page_address(certificate)}\n"
    )
    return Content(f"Your certificate: {certificate.course_title}", text, (attachment,))
