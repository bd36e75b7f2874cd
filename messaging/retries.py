"""What becomes of a message that was not delivered: later, by mail, or never."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from messaging.channels import EMAIL
from messaging.errors import (
    ChannelMisconfigured,
    ChannelUnavailable,
    NotDelivered,
    PermanentFailure,
    TemporaryFailure,
    UnknownOutcome,
)
from messaging.models import OutgoingMessage

if TYPE_CHECKING:
    from datetime import datetime

State = OutgoingMessage.State

MAX_ATTEMPTS = 8
FIRST_WAIT_SECONDS = 30
MAX_WAIT_SECONDS = 3600
# A channel that is away concerns all its messages, which are to go soon after it is back.
FIRST_CHANNEL_WAIT_SECONDS = 5
MAX_CHANNEL_WAIT_SECONDS = 30
MAX_AGE = timedelta(days=3)  # after so long a message would surprise more than it tells


def after_failure(message: OutgoingMessage, error: NotDelivered, *, can_mail: bool) -> dict[str, Any]:
    """Return the values of the row after an attempt failed.

    Args:
        can_mail: the attempt was made by Telegram, and the user has a verified address.
    """
    exhausted = message.attempts >= MAX_ATTEMPTS
    match error:
        case UnknownOutcome():
            return {"state": State.UNCERTAIN}
        case PermanentFailure() | ChannelMisconfigured() if can_mail:
            return _by_mail()
        case TemporaryFailure() if can_mail and exhausted:
            return _by_mail()
        case ChannelUnavailable() if timezone.now() - message.created_at < MAX_AGE:
            return _later(message.attempts, FIRST_CHANNEL_WAIT_SECONDS, MAX_CHANNEL_WAIT_SECONDS)
        case TemporaryFailure() if not exhausted:
            return _later(message.attempts, FIRST_WAIT_SECONDS, MAX_WAIT_SECONDS, error.retry_after)
    return {"state": State.GIVEN_UP}


def after_composing_failed(message: OutgoingMessage) -> dict[str, Any]:
    """Return the values of the row after its composer raised: a later deployment may correct it."""
    if message.attempts >= MAX_ATTEMPTS:
        return {"state": State.GIVEN_UP, "attempts": message.attempts}
    later = _later(message.attempts, FIRST_WAIT_SECONDS, MAX_WAIT_SECONDS)
    return {**later, "attempts": message.attempts}


def wait_after(attempts: int, first: float, longest: float, retry_after: float = 0) -> float:
    """Return the seconds to wait: exponential backoff with jitter, at least what the server named."""
    backoff: float = min(first * 2 ** (attempts - 1), longest)
    return max(retry_after, backoff) + random.uniform(0, backoff / 4)  # noqa: S311  (jitter)


def _by_mail() -> dict[str, Any]:
    return {"state": State.PENDING, "channel": EMAIL, "attempts": 0, "due_at": timezone.now()}


def _later(attempts: int, first: float, longest: float, retry_after: float = 0) -> dict[str, Any]:
    seconds = wait_after(attempts, first, longest, retry_after)
    due_at: datetime = timezone.now() + timedelta(seconds=seconds)
    return {"state": State.PENDING, "due_at": due_at}
