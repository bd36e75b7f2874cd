"""Silent mail servers and Telegram delay no prices, and what waits goes out soon after they are back."""

import pytest

from messaging import delivery
from messaging.models import OutgoingMessage
from services.models import Subscription
from tests.factories import UserFactory
from tests.messaging.factories import TelegramAccountFactory
from tests.services.factories import SubscriptionFactory
from tests.support.waiting import until
from tests.support.workers import working

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

State = OutgoingMessage.State
MAX_SECONDS = 60
PROCESSES = 2


@pytest.mark.parametrize("silent", ["smtp", "telegram"])
def test_a_silent_server_delays_no_price_and_the_queue_drains_when_it_answers(
    smtp, telegram, settings, tmp_path, silent
):
    server = {"smtp": smtp, "telegram": telegram}[silent]
    users = UserFactory.create_batch(20)
    for user in users:
        if silent == "telegram":
            TelegramAccountFactory(user=user)
        delivery.send(user=user, subject="Subject", text="Text", dedupe_key=f"test:{user.pk}")
    subscription = SubscriptionFactory()
    server.answering.clear()
    names = ("EMAIL_BACKEND", "EMAIL_HOST", "EMAIL_PORT", "TELEGRAM_API_URL", "TELEGRAM_BOT_TOKEN")
    channels = {name: str(getattr(settings, name)) for name in names}
    with (
        working(tmp_path, name="sender", queues="outgoing", beat=True, **channels),
        working(tmp_path, name="prices", queues="default,prices"),
    ):
        until(lambda: OutgoingMessage.objects.filter(state=State.SENDING).exists())
        until(lambda: Subscription.objects.get().priced_at is not None)
        before = Subscription.objects.get().price
        service = subscription.service
        service.full_price = service.full_price * 2
        service.save()
        until(lambda: Subscription.objects.get().price == before * 2, MAX_SECONDS)
        assert not OutgoingMessage.objects.filter(state=State.SENT).exists()
        server.answering.set()
        waiting = OutgoingMessage.objects.filter(state__in=[State.PENDING, State.SENDING])
        until(lambda: not waiting.exists(), MAX_SECONDS)
    sent = OutgoingMessage.objects.filter(state=State.SENT).count()
    # Telegram had taken some calls that it did not answer in time: whether those arrived is unknown.
    uncertain = OutgoingMessage.objects.filter(state=State.UNCERTAIN).count()
    assert sent + uncertain == len(users)
    assert uncertain <= (PROCESSES if silent == "telegram" else 0)
    assert sent <= len(smtp.mails) + len(telegram.messages) <= len(users)
