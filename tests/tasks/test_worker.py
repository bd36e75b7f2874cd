"""Workers that are killed while they send."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tasks import delivery, tasks
from tasks.models import Notification
from tests.support.waiting import until
from tests.tasks.factories import NotificationFactory
from tests.tasks.worker import PROCESSES, worker

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

State = Notification.State
KILLS = 1


def test_killed_while_they_send_every_notice_arrives_once_or_is_known_to_be_uncertain(telegram, tmp_path):
    notifications = NotificationFactory.create_batch(20)
    chats = {notification.pk: 700_000_000 + notification.recipient_id for notification in notifications}
    for number in range(KILLS):
        telegram.answering.clear()  # from now on messages arrive, but are not answered
        before = telegram.calls
        with worker(tmp_path, f"killed{number}") as victim:
            tasks.deliver.delay([notification.pk for notification in notifications])
            tasks.deliver_due.delay()
            until(lambda before=before: telegram.calls == before + PROCESSES)
            victim.kill()
        telegram.answering.set()
    with worker(tmp_path):
        tasks.deliver_due.delay()
        until(lambda: not Notification.objects.filter(state=State.DUE).exists())
        until(lambda: Notification.objects.filter(state=State.SENDING).count() == KILLS * PROCESSES)
        Notification.objects.filter(state=State.SENDING).update(
            changed_at=timezone.now() - delivery.MAX_SENDING_TIME - timedelta(seconds=1)
        )
        tasks.deliver_due.delay()
        until(lambda: not Notification.objects.filter(state=State.SENDING).exists())

    arrived = [chat for chat, _ in telegram.messages]
    assert len(arrived) == len(set(arrived)), "one arrived twice"
    states = dict(Notification.objects.values_list("pk", "state"))
    assert sorted(states.values()) == sorted(
        [State.SENT] * (20 - KILLS * PROCESSES) + [State.UNCERTAIN] * KILLS * PROCESSES
    )
    assert {chats[pk] for pk, state in states.items() if state == State.SENT} <= set(arrived)
