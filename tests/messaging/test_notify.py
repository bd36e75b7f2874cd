"""By which channel a message reaches a user."""

import pytest
from django.core import mail

from messaging.models import TelegramAccount
from messaging.notify import Refused, TryLater, Unknown, reach
from tests.factories import UserFactory
from tests.support.telegram import Fault

pytestmark = pytest.mark.django_db

CHAT = 700_000_001


def linked(**kwargs):
    user = UserFactory(**kwargs)
    TelegramAccount.objects.create(user=user, telegram_id=CHAT)
    return user


def test_telegram_where_linked(telegram):
    assert reach(linked(), "Subject", "Text") == "telegram"
    assert telegram.messages == [(CHAT, "Subject\n\nText")]
    assert mail.outbox == []


def test_mail_where_not_linked(telegram):
    assert reach(UserFactory(email="anna@example.com"), "Subject", "Text") == "email"
    [sent] = mail.outbox
    assert (sent.to, sent.subject, sent.body) == (["anna@example.com"], "Subject", "Text")


def test_mail_where_we_have_no_bot(telegram, settings):
    settings.TELEGRAM_BOT_TOKEN = ""
    assert reach(linked(), "Subject", "Text") == "email"


def test_who_has_blocked_the_bot_gets_a_mail(telegram):
    telegram.blocked_by.add(CHAT)
    assert reach(linked(), "Subject", "Text") == "email"
    assert len(mail.outbox) == 1


def test_who_has_blocked_the_bot_and_has_no_address_is_not_reached(telegram):
    telegram.blocked_by.add(CHAT)
    with pytest.raises(Refused, match="blocked"):
        reach(linked(email=""), "Subject", "Text")


def test_who_has_neither_is_not_reached(telegram):
    with pytest.raises(Refused, match="Nowhere"):
        reach(UserFactory(email=""), "Subject", "Text")


@pytest.mark.parametrize(
    ("fault", "error"), [(Fault(status=429, retry_after=1), TryLater), (Fault(lost=True), Unknown)]
)
def test_what_may_still_arrive_by_telegram_goes_by_no_other_channel(telegram, fault, error):
    telegram.next(fault)
    with pytest.raises(error):
        reach(linked(), "Subject", "Text")
    assert mail.outbox == []
