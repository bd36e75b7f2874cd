"""``python -m tests.messaging.killed_worker``: do a piece of work n times, killed at its nth step.

A step is a statement on the database, before or after it, or the opening of a connection or of a PDF.
Prints for each n what the message's state was after the kill and after the recovery, as JSON lines; the
last line is of the run that was not killed.
"""

from __future__ import annotations

import json
import os
import signal
import sys

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import connection, connections  # noqa: E402
from django.utils import timezone  # noqa: E402

from courses import actions, certificates  # noqa: E402
from courses.models import Certificate, Course, Enrollment  # noqa: E402
from messaging import delivery, dispatch  # noqa: E402
from messaging.models import OutgoingMessage  # noqa: E402

MAX_STEPS = 100
SOCKETS = {"socket.connect", "socket.getaddrinfo"}


class Countdown:
    """Kills the process at the nth step."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def step(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def around_statement(self, execute, sql, params, many, context):
        self.step()
        result = execute(sql, params, many, context)
        self.step()
        return result

    def on_audit(self, event: str, arguments: tuple) -> None:
        if event in SOCKETS or (event == "open" and str(arguments[0]).endswith(".pdf")):
            self.step()


class Text:
    """Dispatching a message that is recorded."""

    mail_only = False

    def __init__(self, user: User, step: int) -> None:
        self.user, self.name = user, f"Step {step}."
        self.prepare()

    def prepare(self) -> None:
        text = {"subject": self.name, "text": "The text"}
        delivery.send(user=self.user, dedupe_key=self.name, mail_only=self.mail_only, **text)
        self.messages = OutgoingMessage.objects.filter(dedupe_key=self.name)

    def run(self) -> None:
        """Do the work; also to repair it, as users and beat do."""
        dispatch.dispatch(self.messages)

    def state(self) -> str | None:
        return self.messages.values_list("state", flat=True).first()


class Mail(Text):
    mail_only = True


class Enrolling(Text):
    """Enrolling, and dispatching the mail."""

    def prepare(self) -> None:
        self.course = Course.objects.create(title=self.name)

    def run(self) -> None:
        actions.enroll(user=self.user, course=self.course)
        dispatch.dispatch(OutgoingMessage.objects.all())

    def state(self) -> str | None:
        enrollment = Enrollment.objects.filter(course=self.course).first()
        if enrollment is None:
            return None
        return OutgoingMessage.objects.get(dedupe_key=f"courses.enrolled:{enrollment.pk}").state


class Certifying(Text):
    """Making a certificate, and dispatching the mail."""

    def prepare(self) -> None:
        course = Course.objects.create(title=self.name)
        enrollment = Enrollment.objects.create(user=self.user, course=course, completed_at=timezone.now())
        self.certificate, _ = Certificate.objects.issue(enrollment)
        key = f"courses.certificate:{self.certificate.pk}"
        self.messages = OutgoingMessage.objects.filter(dedupe_key=key)

    def run(self) -> None:
        if Certificate.objects.filter(pk=self.certificate.pk, file="").exists():
            certificates.make_certificate(self.certificate.enrollment_id)
        super().run()


WORK = {"text": Text, "mail": Mail, "enrolling": Enrolling, "certifying": Certifying}


def killed_at(step: int, work: Text) -> bool:
    """Do the work in a process of its own. Return whether it was killed."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        countdown = Countdown(step)
        connection.ensure_connection()
        sys.addaudithook(countdown.on_audit)
        with connection.execute_wrapper(countdown.around_statement):
            work.run()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def recover(work: Text) -> None:
    """Do what beat does after the claim has expired."""
    OutgoingMessage.objects.filter(state="sending").update(
        changed_at=timezone.now() - dispatch.CLAIM_DURATION
    )
    dispatch.mark_uncertain()
    work.run()


def main(user_id: int, kind: str) -> None:
    user = User.objects.get(pk=user_id)
    for step in range(1, MAX_STEPS):
        work = WORK[kind](user, step)
        was_killed = killed_at(step, work)
        found = work.state()
        recover(work)
        print(json.dumps({"step": step, "killed": was_killed, "found": found, "then": work.state()}))
        if not was_killed:
            return


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
