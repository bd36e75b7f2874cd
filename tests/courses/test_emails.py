"""The e-mails: each to the right learner, once."""

from __future__ import annotations

from functools import partial

import pytest

from courses import certificates, emails
from courses.models import Certificate, Enrollment
from messaging.notify import TryLater
from tests.courses import factories
from tests.support.smtp import GOOD, HANG_UP
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db


def enrollment_due(**values):
    return factories.EnrollmentFactory(notified_at=None, **values)


def certificate_due():
    certificate = factories.CertificateFactory(enrollment__course__title="Основы")
    return certificates.make_certificate(certificate.enrollment_id)


def test_the_enrolled_learns_so(mailoutbox):
    enrollment = enrollment_due(course__title="Основы\nPython", user__first_name="Анна")
    emails.send_enrolled(enrollment.pk)
    (mail,) = mailoutbox
    assert mail.to == [enrollment.user.email]
    assert mail.subject == "You are enrolled: Основы Python"
    assert "Анна" in mail.body


def test_the_certificate_is_attached(mailoutbox):
    certificate = certificate_due()
    emails.send_certificate(certificate.pk)
    (mail,) = mailoutbox
    assert mail.to == [certificate.enrollment.user.email]
    assert "Основы" in mail.subject
    assert str(certificate.uuid) in mail.body
    ((name, content, kind),) = mail.attachments
    assert (name, content[:5], kind) == (f"{certificate.uuid}.pdf", b"%PDF-", "application/pdf")


def test_a_mail_is_sent_once(mailoutbox):
    enrollment, certificate = enrollment_due(), certificate_due()
    for _ in range(2):
        emails.send_enrolled(enrollment.pk)
        emails.send_certificate(certificate.pk)
    assert len(mailoutbox) == 2


@pytest.mark.django_db(transaction=True)
def test_of_simultaneous_senders_one_sends(mailoutbox):
    enrollment = enrollment_due()
    at_once(*[partial(emails.send_enrolled, enrollment.pk)] * 8)
    assert len(mailoutbox) == 1


def is_due(enrollment):
    enrollment.refresh_from_db()
    return enrollment.notified_at is None


@pytest.mark.parametrize(
    ("command", "answer"),
    [("CONNECT", HANG_UP), ("MAIL", "451 wait"), ("RCPT", "450 greylisted"), (".", "452 full")],
)
def test_what_the_server_does_not_take_now_stays_due(smtp, command, answer):
    enrollment = enrollment_due()
    smtp.answers[command] = answer
    with pytest.raises(TryLater):
        emails.send_enrolled(enrollment.pk)
    assert is_due(enrollment)
    smtp.answers[command] = GOOD[command]
    smtp.mails.clear()
    emails.send_enrolled(enrollment.pk)
    assert len(smtp.mails) == 1
    assert not is_due(enrollment)


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA", "."])
def test_what_is_refused_for_good_is_given_up(smtp, caplog, command):
    enrollment = enrollment_due()
    smtp.answers[command] = "550 no"
    emails.send_enrolled(enrollment.pk)
    assert not is_due(enrollment)
    assert "550" in caplog.text


def test_what_is_no_address_is_given_up(smtp, caplog):
    enrollment = enrollment_due(user__email="a\nb@example.com")
    emails.send_enrolled(enrollment.pk)
    assert not is_due(enrollment)
    assert "not an e-mail address" in caplog.text


def test_what_may_have_arrived_is_not_sent_again(smtp, caplog):
    enrollment = enrollment_due()
    smtp.answers["."] = HANG_UP
    for _ in range(2):
        emails.send_enrolled(enrollment.pk)
    assert len(smtp.mails) == 1
    assert "broke" in caplog.text


def test_a_learner_without_an_address_is_due_nothing(mailoutbox):
    enrollment = enrollment_due(user__email="")
    emails.send_enrolled(enrollment.pk)
    assert Enrollment.objects.get().notified_at is not None
    assert mailoutbox == []


def test_a_certificate_whose_file_is_lost_stays_due():
    certificate = certificate_due()
    certificate.file.storage.delete(certificate.file.name)
    with pytest.raises(FileNotFoundError):
        emails.send_certificate(certificate.pk)
    assert Certificate.objects.get().notified_at is None


def test_what_has_gone_is_no_error(mailoutbox):
    emails.send_enrolled(404)
    emails.send_certificate(404)
    assert mailoutbox == []
