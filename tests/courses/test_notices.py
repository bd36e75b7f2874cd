"""The mails: each to the right learner, once."""

from __future__ import annotations

from functools import partial
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected

import pytest
from django.core.mail.backends.locmem import EmailBackend

from courses import certificates, notices
from courses.models import Certificate, Enrollment
from tests import factories
from tests.courses.helpers import at_once

pytestmark = pytest.mark.django_db


class BrokenBackend(EmailBackend):
    """A mail server that fails as it is told."""

    error: Exception

    def send_messages(self, messages):
        raise self.error


@pytest.fixture
def mail_server(settings):
    """Makes the mail server fail with an error; with None it works again."""

    def fail_with(error):
        BrokenBackend.error = error
        name = (
            "tests.courses.test_notices.BrokenBackend" if error else EmailBackend.__module__ + ".EmailBackend"
        )
        settings.EMAIL_BACKEND = name

    return fail_with


def enrollment_due(**values):
    return factories.EnrollmentFactory(notified_at=None, **values)


def certificate_due():
    certificate = factories.CertificateFactory(enrollment__course__title="Основы")
    return certificates.make_certificate(certificate.enrollment_id)


def test_the_enrolled_learns_so(mailoutbox):
    enrollment = enrollment_due(course__title="Основы\nPython", user__first_name="Анна")
    notices.send_enrolled(enrollment.pk)
    (mail,) = mailoutbox
    assert mail.to == [enrollment.user.email]
    assert mail.subject == "You are enrolled: Основы Python"
    assert "Анна" in mail.body


def test_the_certificate_is_attached(mailoutbox):
    certificate = certificate_due()
    notices.send_certificate(certificate.pk)
    (mail,) = mailoutbox
    assert mail.to == [certificate.enrollment.user.email]
    assert "Основы" in mail.subject
    assert str(certificate.uuid) in mail.body
    ((name, content, kind),) = mail.attachments
    assert (name, content[:5], kind) == (f"{certificate.uuid}.pdf", b"%PDF-", "application/pdf")


def test_a_mail_is_sent_once(mailoutbox):
    enrollment, certificate = enrollment_due(), certificate_due()
    for _ in range(2):
        notices.send_enrolled(enrollment.pk)
        notices.send_certificate(certificate.pk)
    assert len(mailoutbox) == 2


@pytest.mark.django_db(transaction=True)
def test_of_simultaneous_senders_one_sends(mailoutbox):
    enrollment = enrollment_due()
    at_once(*[partial(notices.send_enrolled, enrollment.pk)] * 8)
    assert len(mailoutbox) == 1


@pytest.mark.parametrize("error", [ConnectionRefusedError(), TimeoutError(), SMTPServerDisconnected()])
def test_what_the_server_did_not_take_stays_due(mail_server, mailoutbox, error):
    enrollment = enrollment_due()
    mail_server(error)
    with pytest.raises(type(error)):
        notices.send_enrolled(enrollment.pk)
    assert Enrollment.objects.get().notified_at is None
    mail_server(None)
    notices.send_enrolled(enrollment.pk)
    assert len(mailoutbox) == 1


def test_an_address_that_is_refused_is_given_up(mail_server, caplog):
    enrollment = enrollment_due()
    mail_server(SMTPRecipientsRefused({"x": (550, b"no such user")}))
    notices.send_enrolled(enrollment.pk)
    assert Enrollment.objects.get().notified_at is not None
    assert "given up" in caplog.text


def test_a_learner_without_an_address_is_due_nothing(mailoutbox):
    enrollment = enrollment_due(user__email="")
    notices.send_enrolled(enrollment.pk)
    assert Enrollment.objects.get().notified_at is not None
    assert mailoutbox == []


def test_a_certificate_whose_file_is_lost_stays_due():
    certificate = certificate_due()
    certificate.file.storage.delete(certificate.file.name)
    with pytest.raises(FileNotFoundError):
        notices.send_certificate(certificate.pk)
    assert Certificate.objects.get().notified_at is None


def test_what_has_gone_is_no_error(mailoutbox):
    notices.send_enrolled(404)
    notices.send_certificate(404)
    assert mailoutbox == []
