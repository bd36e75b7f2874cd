"""Workers that are killed while they send."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tasks import delivery, tasks
from tasks.models import Notice
from tests.support.waiting import until
from tests.tasks.factories import NoticeFactory
from tests.tasks.worker import PROCESSES, worker

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

State = Notice.State
KILLS = 1


def test_killed_while_they_send_every_notice_arrives_once_or_is_known_to_be_uncertain(telegram, tmp_path):
    notices = NoticeFactory.create_batch(20)
    chats = {notice.pk: 700_000_000 + notice.recipient_id for notice in notices}
    for number in range(KILLS):
        telegram.answering.clear()  # from now on messages arrive, but nobody is told so
        before = telegram.calls
        with worker(tmp_path, f"killed{number}") as victim:
            tasks.deliver.delay([notice.pk for notice in notices])
            tasks.deliver_due.delay()
            until(lambda before=before: telegram.calls == before + PROCESSES)
            victim.kill()
        telegram.answering.set()
    with worker(tmp_path):
        tasks.deliver_due.delay()
        until(lambda: not Notice.objects.filter(state=State.DUE).exists())
        until(lambda: Notice.objects.filter(state=State.SENDING).count() == KILLS * PROCESSES)
        Notice.objects.filter(state=State.SENDING).update(
            changed_at=timezone.now() - delivery.SENDING_KEPT - timedelta(seconds=1)
        )
        tasks.deliver_due.delay()
        until(lambda: not Notice.objects.filter(state=State.SENDING).exists())

    arrived = [chat for chat, _ in telegram.messages]
    assert len(arrived) == len(set(arrived)), "one arrived twice"
    states = dict(Notice.objects.values_list("pk", "state"))
    assert sorted(states.values()) == sorted(
        [State.SENT] * (20 - KILLS * PROCESSES) + [State.UNCERTAIN] * KILLS * PROCESSES
    )
    assert {chats[pk] for pk, state in states.items() if state == State.SENT} <= set(arrived)
