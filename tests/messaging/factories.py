"""Makes rows of messaging for tests."""

from __future__ import annotations

import factory

from messaging.models import OutgoingMessage, TelegramAccount
from tests.factories import UserFactory


class TelegramAccountFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = TelegramAccount

    user = factory.SubFactory(UserFactory)
    telegram_id = factory.Sequence(lambda number: 800_000_001 + number)


class MessageFactory(factory.django.DjangoModelFactory):
    """A message that is due, to a user who has linked Telegram and has a verified address."""

    class Meta:
        model = OutgoingMessage

    user = factory.LazyFunction(lambda: TelegramAccountFactory().user)
    kind = "text"
    payload = factory.Sequence(lambda number: {"subject": f"Subject {number}", "text": "The text"})
    dedupe_key = factory.Sequence("test:{}".format)


def let_speak(user, language: str) -> None:
    """Let a user have asked for a message in a language."""
    address = f"{language}@example.com"
    payload = {"address": address, "language": language}
    MessageFactory(user=user, kind="accounts.verify_email", payload=payload, state=OutgoingMessage.State.SENT)
