"""Recording messages: with the change that causes them, once for each key."""

import threading

import pytest
from django.db import connection, transaction

from messaging import delivery, dispatch
from messaging.composers import Content, composer
from messaging.models import OutgoingMessage
from tests.factories import UserFactory
from tests.messaging.factories import MessageFactory
from tests.support.broker import queued
from tests.support.waiting import a_session_waits_for_a_lock, until

State = OutgoingMessage.State
KEY = "test:1"


def send(user=None, **changes):
    values = {"user": user or UserFactory(), "subject": "Subject", "text": "The text", "dedupe_key": KEY}
    delivery.send(**{**values, **changes})


@pytest.mark.django_db(transaction=True)
def test_a_message_is_published_on_its_queue_after_the_commit():
    with transaction.atomic():
        send()
        assert queued() == []
    assert queued("outgoing") == ["messaging.tasks.deliver"]


@pytest.mark.django_db(transaction=True)
def test_a_message_of_a_change_that_is_rolled_back_is_not_sent():
    user = UserFactory()
    with transaction.atomic():
        send(user)
        transaction.set_rollback(True)
    assert queued() == []
    assert not OutgoingMessage.objects.exists()


@pytest.mark.django_db
def test_a_key_that_exists_records_nothing(mailoutbox):
    user = UserFactory()
    send(user)
    send(user)
    dispatch.dispatch(OutgoingMessage.objects.all())
    send(user)
    dispatch.dispatch(OutgoingMessage.objects.all())
    assert len(mailoutbox) == 1
    assert OutgoingMessage.objects.get().state == State.SENT


@pytest.mark.django_db
@pytest.mark.parametrize("number", [1, 50])
def test_recording_costs_the_same_for_1_and_50(number, django_assert_num_queries):
    messages = [MessageFactory.build(user=user) for user in UserFactory.create_batch(number)]
    with django_assert_num_queries(5):  # savepoint, insert, revive, ids, release
        delivery.send_all(messages)


@composer("test.wanted")
def compose_if_wanted(message):
    return (
        Content("Wanted", "It is")
        if UserFactory._meta.model.objects.get(pk=message.user_id).last_name
        else None
    )


@pytest.mark.django_db
def test_a_message_that_became_obsolete_is_sent_when_it_is_recorded_again(mailoutbox):
    user = UserFactory(last_name="")
    send(user, kind="test.wanted", payload={})
    dispatch.dispatch(OutgoingMessage.objects.all())
    assert OutgoingMessage.objects.get().state == State.OBSOLETE
    user.last_name = "Ivanova"
    user.save()
    send(user, kind="test.wanted", payload={})
    dispatch.dispatch(OutgoingMessage.objects.all())
    assert [sent.subject for sent in mailoutbox] == ["Wanted"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_message_recorded_while_a_worker_finds_it_obsolete_is_revived():
    user = UserFactory(last_name="")
    send(user, kind="test.wanted", payload={})
    recorder = threading.Thread(target=_in_thread, args=(lambda: send(user, kind="test.wanted", payload={}),))
    with transaction.atomic():
        dispatch.claim(OutgoingMessage.objects.all())  # obsolete, not committed
        recorder.start()
        until(a_session_waits_for_a_lock)
    recorder.join()
    assert OutgoingMessage.objects.get().state == State.PENDING


def _in_thread(function):
    try:
        function()
    finally:
        connection.close()
