"""The e-mails: each to the right learner, once."""

from __future__ import annotations

import pytest
from django.utils import timezone

from core import redis_state
from courses import actions, certificates, tasks
from courses.models import Enrollment
from messaging import dispatch
from messaging.models import OutgoingMessage
from tests.courses import factories
from tests.messaging.factories import TelegramAccountFactory, let_speak
from tests.support.broker import queued
from tests.support.smtp import GOOD, HANG_UP

pytestmark = pytest.mark.django_db

State = OutgoingMessage.State


def enroll(user=None, title="Основы\nPython"):
    user = user or factories.UserFactory(first_name="Анна")
    return actions.enroll(user=user, course=factories.CourseFactory(title=title))[0]


def make_certificate():
    certificate = factories.CertificateFactory(enrollment__course__title="Основы")
    return certificates.make_certificate(certificate.enrollment_id)


def send_due():
    """Send what is due, as if the time of every wait and pause had passed."""
    OutgoingMessage.objects.filter(state=State.PENDING).update(due_at=timezone.now())
    redis_state.client().delete("messaging:pause:email")
    dispatch.dispatch(OutgoingMessage.objects.all())


def outcome():
    return OutgoingMessage.objects.values_list("state", "attempts").get()


def test_the_enrolled_learns_so(mailoutbox):
    enrollment = enroll()
    send_due()
    (mail,) = mailoutbox
    assert mail.to == [enrollment.user.email]
    assert mail.subject == "You are enrolled: Основы Python"
    assert "Анна" in mail.body


def test_the_mails_are_in_the_language_of_the_learner(mailoutbox):
    user = factories.UserFactory(first_name="Олена")
    let_speak(user, "uk")
    enroll(user, title="Redis")
    send_due()
    (mail,) = mailoutbox
    assert mail.subject == "Вас записано: Redis"
    assert mail.body == f"Вітаємо, Олена {user.last_name}!\n\nвас записано на курс «Redis»."


def test_the_certificate_is_attached(mailoutbox):
    certificate = make_certificate()
    send_due()
    (mail,) = mailoutbox
    assert mail.to == [certificate.enrollment.user.email]
    assert "Основы" in mail.subject
    assert str(certificate.uuid) in mail.body
    ((name, content, kind),) = mail.attachments
    assert (name, content[:5], kind) == (f"{certificate.uuid}.pdf", b"%PDF-", "application/pdf")


def test_a_mail_is_sent_once(mailoutbox):
    enrollment, certificate = enroll(), make_certificate()
    for _ in range(2):
        send_due()
        actions.enroll(user=enrollment.user, course=enrollment.course)
        certificates.make_certificate(certificate.enrollment_id)
    assert len(mailoutbox) == 2


def test_a_certificate_that_is_made_again_is_not_mailed_again_after_its_message_was_deleted(mailoutbox):
    certificate = make_certificate()
    send_due()
    OutgoingMessage.objects.all().delete()
    certificate.file.storage.delete(certificate.file.name)
    certificates.make_certificate(certificate.enrollment_id)
    send_due()
    assert len(mailoutbox) == 1


def test_mails_go_to_no_telegram_and_to_no_address_that_is_not_verified(telegram, mailoutbox):
    enroll(TelegramAccountFactory(user__verified=False).user)
    send_due()
    assert (telegram.calls, mailoutbox, outcome()) == (0, [], (State.GIVEN_UP, 1))


@pytest.mark.parametrize(
    ("command", "answer"),
    [("CONNECT", HANG_UP), ("MAIL", "451 wait"), ("RCPT", "450 greylisted"), (".", "452 full")],
)
def test_what_the_server_does_not_take_now_stays_due(smtp, command, answer):
    enroll()
    smtp.answers[command] = answer
    send_due()
    assert outcome() == (State.PENDING, 1)
    smtp.answers[command] = GOOD[command]
    smtp.mails.clear()
    send_due()
    assert len(smtp.mails) == 1
    assert outcome() == (State.SENT, 2)


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA", "."])
def test_what_is_refused_for_good_is_given_up(smtp, command):
    enroll()
    smtp.answers[command] = "550 no"
    send_due()
    assert outcome() == (State.GIVEN_UP, 1)
    assert "550" in OutgoingMessage.objects.get().error


def test_what_may_have_arrived_is_not_sent_again(smtp):
    enroll()
    smtp.answers["."] = HANG_UP
    for _ in range(2):
        send_due()
    assert len(smtp.mails) == 1
    assert outcome() == (State.UNCERTAIN, 1)


def test_a_certificate_whose_file_is_lost_is_made_again_and_sent(mailoutbox):
    certificate = make_certificate()
    certificate.file.storage.delete(certificate.file.name)
    send_due()
    assert outcome() == (State.PENDING, 1)
    assert queued() == ["courses.tasks.certify"]
    tasks.certify(certificate.enrollment_id)
    send_due()
    assert outcome() == (State.SENT, 2)
    assert len(mailoutbox) == 1


def test_nothing_is_sent_of_what_has_gone(mailoutbox):
    enrollment = enroll()
    actions.unenroll(user=enrollment.user, course_id=enrollment.course_id)
    make_certificate().delete()
    send_due()
    assert mailoutbox == []
    assert set(OutgoingMessage.objects.values_list("state", flat=True)) == {State.OBSOLETE}


def test_a_learner_who_is_enrolled_in_the_admin_gets_the_mail_once(admin_client, mailoutbox):
    form = {"user": factories.UserFactory().pk, "course": factories.CourseFactory().pk}
    assert admin_client.post("/admin/courses/enrollment/add/", form).status_code == 302
    enrollment = Enrollment.objects.get()
    address = f"/admin/courses/enrollment/{enrollment.pk}/change/"
    assert admin_client.post(address, form).status_code == 302
    send_due()
    assert [mail.to for mail in mailoutbox] == [[enrollment.user.email]]
