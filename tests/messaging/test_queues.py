"""Slow mail servers delay no prices, and what waits goes out soon after they are back."""

import pytest

from messaging import delivery
from messaging.models import OutgoingMessage
from services.models import Subscription
from tests.factories import UserFactory
from tests.services.factories import SubscriptionFactory
from tests.support.waiting import until
from tests.support.workers import working

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

State = OutgoingMessage.State
MAX_SECONDS = 60


def test_a_silent_mail_server_delays_no_price_and_the_queue_drains_when_it_answers(smtp, settings, tmp_path):
    users = UserFactory.create_batch(20)
    for user in users:
        delivery.send(user=user, subject="Subject", text="Text", dedupe_key=f"test:{user.pk}")
    subscription = SubscriptionFactory()
    smtp.answering.clear()
    mail = {
        "EMAIL_BACKEND": settings.EMAIL_BACKEND,
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(smtp.port),
    }
    with (
        working(tmp_path, name="sender", queues="outgoing", beat=True, **mail),
        working(tmp_path, name="prices", queues="default,prices"),
    ):
        until(lambda: OutgoingMessage.objects.filter(state=State.SENDING).exists())
        until(lambda: Subscription.objects.get().priced_at is not None)
        before = Subscription.objects.get().price
        service = subscription.service
        service.full_price = service.full_price * 2
        service.save()
        until(lambda: Subscription.objects.get().price == before * 2, MAX_SECONDS)
        assert smtp.mails == []
        smtp.answering.set()
        until(lambda: OutgoingMessage.objects.filter(state=State.SENT).count() == len(users), MAX_SECONDS)
    assert len(smtp.mails) == len(users)
