"""Why a message was not delivered, by what its sender can do about it."""

from __future__ import annotations

# How the error ends of a message that was given up because its user has no address for it.
NO_ADDRESS = "no verified e-mail address"


class NotDelivered(Exception):  # noqa: N818  (its subclasses name outcomes)
    """Base of the others. The text is for operators, and holds no secret."""


class PermanentFailure(NotDelivered):
    """The message will not be delivered by this channel: it was refused, or there is no recipient."""


class TemporaryFailure(NotDelivered):
    """The message was not delivered, but may be later.

    Attributes:
        retry_after: the seconds to wait that the server named, else 0.
    """

    def __init__(self, message: str, retry_after: float = 0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ChannelUnavailable(TemporaryFailure):
    """The channel takes no message at all now: no connection, or its server fails."""


class ChannelMisconfigured(ChannelUnavailable):
    """The channel takes no message until an operator corrects a setting: the bot's token is wrong."""


class UnknownOutcome(NotDelivered):
    """The message may have been delivered: the answer was lost. Sending again could deliver it twice."""
