"""Makes rows of messaging for tests."""

from __future__ import annotations

import factory

from messaging.models import OutgoingMessage, TelegramAccount, VerifiedEmail
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
    """Let a user have verified the address by a mail in a language."""
    verified = {"address": user.email, "language": language}
    VerifiedEmail.objects.update_or_create(user=user, defaults=verified)
    user.refresh_from_db()
