"""What the e-mails say that learners get. They are recorded by actions.py and certificates.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext

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
    title = {"title": enrollment.course.title}
    paragraphs = [
        gettext("Hello %(name)s,") % {"name": display_name(message.user)},
        gettext("you are enrolled in the course “%(title)s”.") % title,
    ]
    return Content(gettext("You are enrolled: %(title)s") % title, "\n\n".join(paragraphs))


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
    title = {"title": certificate.course_title}
    paragraphs = [
        gettext("Hello %(name)s,") % {"name": certificate.learner_name},
        gettext("you have completed the course “%(title)s”.") % title,
        gettext("Your certificate is attached. Anyone can verify it here:"),
        page_address(certificate),
    ]
    return Content(gettext("Your certificate: %(title)s") % title, "\n\n".join(paragraphs), (attachment,))
