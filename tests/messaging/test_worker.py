"""Workers that are killed while they send."""

from datetime import timedelta

import pytest
from django.utils import timezone

from messaging import dispatch, tasks
from messaging.models import OutgoingMessage
from tests.messaging.factories import MessageFactory
from tests.messaging.worker import PROCESSES, worker
from tests.support.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

State = OutgoingMessage.State
KILLS = 1


def test_killed_while_they_send_every_message_arrives_once_or_is_known_to_be_uncertain(telegram, tmp_path):
    messages = MessageFactory.create_batch(20)
    chats = {message.pk: message.user.telegram.telegram_id for message in messages}
    for number in range(KILLS):
        telegram.answering.clear()  # from now on messages arrive, but are not answered
        before = telegram.calls
        with worker(tmp_path, f"killed{number}") as victim:
            tasks.deliver.delay(list(chats))
            tasks.deliver_due.delay()
            until(lambda before=before: telegram.calls == before + PROCESSES)
            victim.kill()
        telegram.answering.set()
    with worker(tmp_path):
        tasks.deliver_due.delay()
        until(lambda: not OutgoingMessage.objects.filter(state=State.PENDING).exists())
        until(lambda: OutgoingMessage.objects.filter(state=State.SENDING).count() == KILLS * PROCESSES)
        OutgoingMessage.objects.filter(state=State.SENDING).update(
            changed_at=timezone.now() - dispatch.CLAIM_DURATION - timedelta(seconds=1)
        )
        tasks.deliver_due.delay()
        until(lambda: not OutgoingMessage.objects.filter(state=State.SENDING).exists())

    arrived = [chat for chat, _ in telegram.messages]
    assert len(arrived) == len(set(arrived)), "one arrived twice"
    states = dict(OutgoingMessage.objects.values_list("pk", "state"))
    assert sorted(states.values()) == sorted(
        [State.SENT] * (20 - KILLS * PROCESSES) + [State.UNCERTAIN] * KILLS * PROCESSES
    )
    assert {chats[pk] for pk, state in states.items() if state == State.SENT} <= set(arrived)
