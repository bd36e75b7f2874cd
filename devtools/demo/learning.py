"""Progress, completed courses with their certificates, and the mails that went out with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.files.base import ContentFile
from django.utils import timezone

from courses.certificates import render
from courses.models import Certificate, Enrollment, Lesson, LessonCompletion
from messaging.models import OutgoingMessage

if TYPE_CHECKING:
    from devtools.demo.plan import Plan

CERTIFICATES = 12
IN_PROGRESS = 24
# What became of the mails with the certificates: of most nothing is to be seen.
TROUBLES = {
    3: (OutgoingMessage.State.GIVEN_UP, "The mail server answered 550: no such mailbox"),
    7: (OutgoingMessage.State.UNCERTAIN, "The connection to the mail server broke"),
}


def fill(plan: Plan) -> int:  # noqa: ARG001  (each generator has it)
    if Certificate.objects.exists():
        return 0
    enrollments = list(
        Enrollment.objects.select_related("user", "course").order_by("user__id", "id")[
            : CERTIFICATES + IN_PROGRESS
        ]
    )
    for number, enrollment in enumerate(enrollments):
        # The users that are shown come first: each has completed courses and others in progress.
        is_done = number % 3 == 0
        _complete(enrollment, whole=is_done)
        if is_done:
            _certify(enrollment, number // 3)
    return len(enrollments)


def _complete(enrollment: Enrollment, *, whole: bool) -> None:
    lessons = list(
        Lesson.objects.filter(module__course=enrollment.course_id).order_by("module__position", "position")
    )
    done = lessons if whole else lessons[: len(lessons) // 2]
    LessonCompletion.objects.bulk_create(
        LessonCompletion(enrollment=enrollment, lesson=lesson) for lesson in done
    )


def _certify(enrollment: Enrollment, number: int) -> None:
    enrollment.completed_at = timezone.now()
    enrollment.save(update_fields=["completed_at"])
    certificate, _ = Certificate.objects.issue(enrollment)
    certificate.file.save(f"{certificate.uuid}.pdf", ContentFile(render(certificate)))
    state, error = TROUBLES.get(number, (OutgoingMessage.State.SENT, ""))
    OutgoingMessage.objects.create(
        user=enrollment.user,
        kind="courses.certificate",
        payload={"certificate": certificate.pk},
        dedupe_key=f"courses.certificate:{certificate.pk}",
        mail_only=True,
        state=state,
        error=error,
        attempts=1,
        channel=OutgoingMessage.Channel.EMAIL,
    )
