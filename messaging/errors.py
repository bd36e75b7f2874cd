"""Why a message was not delivered, by what its sender can do about it."""

from __future__ import annotations


class NotDelivered(Exception):  # noqa: N818  (its subclasses name states)
    """Base of the three. The text is for operators, and holds no secret."""


class Refused(NotDelivered):
    """It will not be delivered: nowhere to send it, or the recipient does not want it."""


class TryLater(NotDelivered):
    """It was not delivered, but may be later; ``retry_after`` are the seconds that we were told."""

    def __init__(self, message: str, retry_after: float = 0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unknown(NotDelivered):
    """It may have been delivered: the answer got lost. To send it again might deliver it twice."""
