"""Sending notifications: at most once, again where it failed, never where it may have arrived."""

import threading
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone

from core.redis_state import client as redis_client
from messaging.telegram import client as bot_api
from tasks import delivery
from tasks.models import Notification, Task
from tests.factories import UserFactory
from tests.support.telegram import Fault
from tests.tasks.factories import NotificationFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("telegram")]

State = Notification.State


def deliver():
    return delivery.deliver(Notification.objects.all())


def only():
    return Notification.objects.get()


def later():
    """Let the time of every wait pass."""
    Notification.objects.filter(state=State.DUE).update(due_at=timezone.now())
    redis_client().flushdb()


def test_a_notice_is_sent_once(telegram):
    NotificationFactory(task__name="Write")
    assert deliver() == 1
    assert deliver() == 0
    [(_, text)] = telegram.messages
    assert text.startswith("A task for you: Write")
    notification = only()
    assert (notification.state, notification.channel, notification.attempts) == (State.SENT, "telegram", 1)


def test_it_goes_by_mail_to_users_without_telegram(telegram):
    user = UserFactory(email="anna@example.com")
    NotificationFactory(recipient=user)
    deliver()
    assert telegram.calls == 0
    assert mail.outbox[0].to == ["anna@example.com"]
    assert only().channel == "email"


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_failure_is_tried_again_later(telegram, status):
    NotificationFactory()
    telegram.next(Fault(status=status))
    assert deliver() == 0
    notification = only()
    assert (notification.state, notification.attempts) == (State.DUE, 1)
    assert str(status) in notification.error
    assert notification.due_at > timezone.now() + timedelta(seconds=20)
    assert deliver() == 0
    assert telegram.calls == 1
    later()
    assert deliver() == 1
    assert only().error == ""


def test_each_wait_is_twice_as_long_up_to_an_hour():
    waits = [delivery._wait(attempt, 0).total_seconds() for attempt in range(1, 12)]
    for attempt, wait in enumerate(waits):
        shortest = min(30 * 2**attempt, 3600)
        assert shortest <= wait <= 1.25 * shortest


def test_retry_after_is_heeded(telegram):
    NotificationFactory()
    telegram.next(Fault(status=429, retry_after=120))
    deliver()
    assert only().due_at > timezone.now() + timedelta(seconds=118)


def test_while_telegram_wants_a_pause_only_mails_go_out(telegram):
    NotificationFactory()
    telegram.next(Fault(status=429, retry_after=60))
    deliver()
    NotificationFactory()
    NotificationFactory(recipient=UserFactory())
    assert deliver() == 1
    assert telegram.calls == 1
    assert len(mail.outbox) == 1
    later()
    assert deliver() == 2


def test_after_some_attempts_it_is_given_up_with_the_reason(telegram):
    NotificationFactory()
    telegram.next(*[Fault(status=500)] * 20)
    for _ in range(12):
        deliver()
        later()
    notification = only()
    assert (notification.state, notification.attempts) == (State.GIVEN_UP, delivery.MAX_ATTEMPTS)
    assert telegram.calls == delivery.MAX_ATTEMPTS
    assert "500" in notification.error


def test_a_user_without_address_is_given_up_at_once(telegram):
    NotificationFactory(recipient=UserFactory(email=""))
    deliver()
    notification = only()
    assert (notification.state, notification.attempts) == (State.GIVEN_UP, 1)
    assert "Nowhere" in notification.error


def test_an_answer_that_is_lost_is_uncertain_and_not_sent_again(telegram):
    NotificationFactory()
    telegram.next(Fault(lost=True))
    deliver()
    later()
    deliver()
    assert len(telegram.messages) == 1
    assert only().state == State.UNCERTAIN


def test_one_that_fails_does_not_hold_up_the_others(telegram):
    NotificationFactory.create_batch(3)
    telegram.next(Fault(status=500))
    assert deliver() == 2


def test_nothing_is_sent_of_a_completed_or_deleted_task(telegram):
    NotificationFactory()
    NotificationFactory()
    Task.objects.first().delete()
    Task.objects.update(status="completed", completed_at=timezone.now())
    assert deliver() == 0
    assert telegram.calls == 0
    assert only().state == State.OBSOLETE


def test_what_was_claimed_by_a_lost_sender_is_uncertain():
    notification = NotificationFactory()
    delivery.claim(Notification.objects.all())
    assert delivery.mark_uncertain() == 0
    Notification.objects.update(changed_at=timezone.now() - delivery.MAX_SENDING_TIME)
    assert delivery.mark_uncertain() == 1
    notification.refresh_from_db()
    assert notification.state == State.UNCERTAIN
    assert "may have arrived" in notification.error


def test_a_bug_in_sending_is_not_swallowed_and_not_repeated(monkeypatch):
    NotificationFactory()
    monkeypatch.setattr(bot_api, "_connect", lambda server: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        deliver()
    assert deliver() == 0
    assert only().state == State.SENDING


def test_delivering_stops_when_its_time_is_up(telegram):
    NotificationFactory.create_batch(3)
    assert delivery.deliver(Notification.objects.all(), seconds=0) == 0


@pytest.mark.django_db(transaction=True)
def test_many_senders_at_once_send_each_notice_once(telegram):
    NotificationFactory.create_batch(30)
    threads = [threading.Thread(target=_deliver_in_thread) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(telegram.messages) == len(set(telegram.messages)) == 30
    assert set(Notification.objects.values_list("state", flat=True)) == {State.SENT}


def _deliver_in_thread():
    try:
        deliver()
    finally:
        connection.close()


def test_claiming_costs_the_same_with_1_due_and_with_50(django_assert_num_queries):
    NotificationFactory()
    with django_assert_num_queries(6):  # savepoint, find and lock, the task, later ones, take, release
        delivery.claim(Notification.objects.all())
    NotificationFactory.create_batch(50)
    with django_assert_num_queries(6):
        delivery.claim(Notification.objects.all())
