"""Sending recorded messages: by which channel, how often, and what is recorded."""

import socket
import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from core import redis_state
from messaging import dispatch, retention, retries
from messaging.composers import Content, composer
from messaging.errors import NO_ADDRESS
from messaging.models import OutgoingMessage
from messaging.telegram import client as bot_api
from tests.factories import UserFactory
from tests.messaging.factories import MessageFactory, TelegramAccountFactory
from tests.support.smtp import HANG_UP
from tests.support.telegram import Fault

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("telegram")]

State = OutgoingMessage.State


def send_due(**options):
    return dispatch.dispatch(OutgoingMessage.objects.all(), **options)


def only():
    return OutgoingMessage.objects.get()


@pytest.fixture
def later():
    """Let the time of every wait and every pause pass."""

    def pass_time():
        OutgoingMessage.objects.filter(state=State.PENDING).update(due_at=timezone.now())
        redis_state.client().delete("messaging:pause:telegram", "messaging:pause:email")

    return pass_time


def test_a_message_goes_by_telegram_where_linked(telegram):
    MessageFactory(payload={"subject": "Subject", "text": "The text"})
    assert send_due() == 1
    assert send_due() == 0
    assert [text for _, text in telegram.messages] == ["Subject\n\nThe text"]
    assert (only().state, only().channel, only().attempts) == (State.SENT, "telegram", 1)
    assert mail.outbox == []


@pytest.mark.parametrize("reason", ["not linked", "mail only", "no bot"])
def test_a_message_goes_by_mail_to_the_verified_address(telegram, settings, reason):
    if reason == "no bot":
        settings.TELEGRAM_BOT_TOKEN = ""
    user = UserFactory() if reason == "not linked" else TelegramAccountFactory().user
    MessageFactory(user=user, mail_only=reason == "mail only")
    assert send_due() == 1
    assert [sent.to for sent in mail.outbox] == [[user.email]]
    assert telegram.calls == 0
    assert only().channel == "email"


@pytest.mark.parametrize("case", ["none", "not verified", "changed since"])
def test_nothing_goes_to_an_address_that_is_not_verified(case):
    user = UserFactory(verified=case == "changed since", email="" if case == "none" else "a@example.com")
    if case == "changed since":
        user.email = "other@example.com"
        user.save()
    MessageFactory(user=user)
    assert send_due() == 0
    assert mail.outbox == []
    assert (only().state, only().attempts) == (State.GIVEN_UP, 1)
    assert "no verified e-mail address" in only().error


def test_nothing_goes_to_a_user_who_is_not_active(telegram):
    message = MessageFactory()
    message.user.is_active = False
    message.user.save()
    assert send_due() == 0
    assert telegram.calls == 0
    assert only().state == State.OBSOLETE


def test_a_user_who_has_blocked_the_bot_gets_a_mail_at_once(telegram):
    message = MessageFactory()
    telegram.blocked_by.add(message.user.telegram.telegram_id)
    assert send_due() == 1
    assert len(mail.outbox) == 1


def test_a_message_to_a_user_who_has_blocked_the_bot_and_has_no_address_is_given_up(telegram):
    message = MessageFactory(user=TelegramAccountFactory(user__email="").user)
    telegram.blocked_by.add(message.user.telegram.telegram_id)
    send_due()
    assert (only().state, only().attempts) == (State.GIVEN_UP, 1)
    assert "blocked" in only().error
    assert only().error.endswith(NO_ADDRESS)  # so it is sent when one is verified


def test_a_wrong_bot_token_sends_mails_at_once(telegram, settings):
    settings.TELEGRAM_BOT_TOKEN = "123456:" + "B" * 35
    MessageFactory()
    assert send_due() == 1
    assert telegram.calls == 1
    assert len(mail.outbox) == 1
    assert (only().state, only().channel) == (State.SENT, "email")


def test_eight_failures_of_telegram_send_a_mail(telegram, later):
    MessageFactory()
    telegram.next(*[Fault(status=502)] * 20)
    for _ in range(8):
        assert mail.outbox == []
        send_due()
        later()
    send_due()
    assert telegram.calls == 8
    assert len(mail.outbox) == 1
    assert only().state == State.SENT


def test_without_an_address_a_message_waits_for_telegram_for_three_days(telegram, later):
    user = TelegramAccountFactory(user__email="").user
    MessageFactory(user=user)
    telegram.next(*[Fault(status=502)] * 13)
    for _ in range(12):
        send_due()
        later()
    assert only().state == State.PENDING
    OutgoingMessage.objects.update(created_at=timezone.now() - retries.MAX_AGE)
    send_due()
    assert only().state == State.GIVEN_UP
    assert "502" in only().error


def test_a_mail_that_is_refused_for_now_is_given_up_after_eight_attempts(smtp, later):
    MessageFactory(user=UserFactory())
    smtp.answers["RCPT"] = "450 not now"
    for _ in range(12):
        send_due()
        later()
    assert (only().state, only().attempts) == (State.GIVEN_UP, retries.MAX_ATTEMPTS)
    assert "450" in only().error


def test_a_failure_is_tried_again_later(telegram, later):
    MessageFactory()
    telegram.next(Fault(status=502))
    assert send_due() == 0
    assert (only().state, only().attempts) == (State.PENDING, 1)
    assert only().due_at > timezone.now() + timedelta(seconds=3)
    assert send_due() == 0
    later()
    assert send_due() == 1
    assert only().error == ""


def test_what_telegram_asks_to_wait_is_waited_and_mails_go_out(telegram, later):
    MessageFactory()
    telegram.next(Fault(status=429, retry_after=120))
    send_due()
    assert only().due_at > timezone.now() + timedelta(seconds=118)
    MessageFactory()
    MessageFactory(user=UserFactory())
    assert send_due() == 1
    assert telegram.calls == 1
    assert len(mail.outbox) == 1
    later()
    assert send_due() == 2


def test_a_mail_server_that_is_away_holds_up_no_telegram_message(telegram, settings, later):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    MessageFactory.create_batch(5, mail_only=True)
    MessageFactory()
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        settings.EMAIL_HOST, settings.EMAIL_PORT = silent.getsockname()
        settings.EMAIL_TIMEOUT = 0.2
        assert send_due() == 1
        silent.settimeout(5)
        silent.accept()[0].close()
        silent.setblocking(False)
        with pytest.raises(BlockingIOError):
            silent.accept()  # one attempt, then the channel is paused
    assert len(telegram.messages) == 1
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    later()
    assert send_due() == 5


def test_an_outage_leaves_no_message_waiting_longer_than_a_minute():
    waits = [
        retries.wait_after(n, retries.FIRST_CHANNEL_WAIT_SECONDS, retries.MAX_CHANNEL_WAIT_SECONDS)
        for n in range(1, 50)
    ]
    assert max(waits) < 40  # and beat comes every 20 s


@pytest.mark.parametrize("attempt", range(1, 12))
def test_each_wait_is_twice_as_long_up_to_an_hour(attempt):
    shortest = min(30 * 2 ** (attempt - 1), 3600)
    assert shortest <= retries.wait_after(attempt, 30, 3600) <= 1.25 * shortest


def test_an_answer_that_is_lost_is_uncertain_and_not_sent_again(telegram, later):
    MessageFactory()
    telegram.next(Fault(lost=True))
    send_due()
    later()
    send_due()
    assert len(telegram.messages) == 1
    assert only().state == State.UNCERTAIN
    assert mail.outbox == []


def test_of_the_messages_to_a_telegram_that_hangs_one_is_uncertain_and_the_others_wait(
    telegram, monkeypatch, later
):
    MessageFactory.create_batch(3)
    monkeypatch.setattr(bot_api, "ANSWER_TIMEOUT_SECONDS", 0.2)
    telegram.answering.clear()
    send_due()
    states = OutgoingMessage.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == [State.UNCERTAIN, State.PENDING, State.PENDING]
    telegram.answering.set()
    later()
    assert send_due() == 2


def test_a_mail_connection_that_breaks_at_the_end_is_uncertain(smtp):
    MessageFactory(mail_only=True)
    smtp.answers["."] = HANG_UP
    send_due()
    send_due()
    assert len(smtp.mails) == 1
    assert only().state == State.UNCERTAIN


@composer("test.broken")
def compose_with_a_bug(message):
    raise ZeroDivisionError


@composer("test.attached")
def compose_with_attachment(message):
    return Content("With a file", "Attached.", (("a.pdf", b"%PDF-1.4", "application/pdf"),))


def test_a_composer_that_fails_holds_up_no_other_and_is_given_up_in_the_end(caplog, telegram, later):
    broken = MessageFactory(kind="test.broken")
    MessageFactory()
    assert send_due() == 1
    assert "ZeroDivisionError" in caplog.text
    for _ in range(8):
        later()
        send_due()
    broken.refresh_from_db()
    assert (broken.state, broken.attempts) == (State.GIVEN_UP, 8)
    assert "ZeroDivisionError" in broken.error


def test_an_unknown_kind_waits_for_the_deployment_that_knows_it(telegram):
    MessageFactory(kind="test.from_the_future")
    send_due()
    assert only().state == State.PENDING
    assert "test.from_the_future" in only().error


def test_what_has_attachments_goes_by_mail(telegram):
    MessageFactory(kind="test.attached")
    send_due()
    assert mail.outbox[0].attachments == [("a.pdf", b"%PDF-1.4", "application/pdf")]
    assert telegram.calls == 0


def test_a_claim_that_has_expired_is_uncertain_and_not_overwritten(telegram):
    MessageFactory()
    message, content = dispatch.claim(OutgoingMessage.objects.all())
    assert dispatch.mark_uncertain() == 0
    OutgoingMessage.objects.update(changed_at=timezone.now() - dispatch.CLAIM_DURATION)
    assert dispatch.mark_uncertain() == 1
    dispatch.attempt(message, content)
    assert only().state == State.UNCERTAIN
    assert "may have arrived" in only().error


def test_a_bug_in_sending_is_not_swallowed_and_not_repeated(telegram, monkeypatch):
    MessageFactory()
    monkeypatch.setattr(bot_api, "_connect", lambda server: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        send_due()
    assert send_due() == 0
    assert only().state == State.SENDING


def test_dispatching_stops_when_its_time_is_up(telegram):
    MessageFactory.create_batch(3)
    assert send_due(seconds=0) == 0


def test_finished_messages_are_deleted_after_90_days():
    old = timezone.now() - retention.MESSAGE_RETENTION
    for state in State.values:
        MessageFactory(state=state, changed_at=old - timedelta(days=1))
        MessageFactory(state=state, changed_at=old + timedelta(days=1))
    retention.delete_old_messages()
    left = OutgoingMessage.objects.filter(changed_at__lt=old).values_list("state", flat=True)
    assert set(left) == {State.PENDING, State.SENDING}
    assert OutgoingMessage.objects.filter(changed_at__gt=old).count() == len(State.values)


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_send_each_message_once(telegram):
    MessageFactory.create_batch(30)
    threads = [threading.Thread(target=_send_in_thread) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(telegram.messages) == len(set(telegram.messages)) == 30
    assert set(OutgoingMessage.objects.values_list("state", flat=True)) == {State.SENT}


def _send_in_thread():
    try:
        send_due()
    finally:
        connection.close()


def test_claiming_costs_the_same_with_1_due_and_with_50(django_assert_num_queries):
    for number in (1, 50):
        MessageFactory.create_batch(number)
        # savepoint, find and lock, compose's savepoint and its release, take, release
        with django_assert_num_queries(6):
            dispatch.claim(OutgoingMessage.objects.all())
