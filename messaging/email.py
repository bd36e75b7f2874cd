"""Sending one mail. Django's ``send_mail`` does not say at which step it failed."""

from __future__ import annotations

from smtplib import (
    SMTPDataError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)
from typing import TYPE_CHECKING

from django.core.mail import EmailMessage, get_connection

from messaging.channels import EMAIL, PAUSE_AFTER_SILENCE_SECONDS, PAUSE_SECONDS, pause_channel
from messaging.errors import (
    ChannelUnavailable,
    NotDelivered,
    PermanentFailure,
    TemporaryFailure,
    UnknownOutcome,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

Attachment = tuple[str, bytes, str]  # name, content and type: ("a.pdf", b"%PDF-…", "application/pdf")


def send_mail(address: str, subject: str, text: str, attachments: Sequence[Attachment] = ()) -> None:
    """Send one mail; line breaks in the subject become spaces.

    Raises:
        ChannelUnavailable: no mail server answers, or it takes no mail at all.
        TemporaryFailure: it refused this mail for now (4xx).
        PermanentFailure: it refused this mail for good (5xx).
        UnknownOutcome: the connection broke while the mail was being sent.
    """
    connection = get_connection()
    try:
        connection.open()
    except (OSError, SMTPException) as error:
        pause_channel(EMAIL, PAUSE_SECONDS)
        raise ChannelUnavailable(f"No connection to the mail server: {error}") from error
    message = EmailMessage(
        " ".join(subject.split()), text, to=[address], connection=connection, attachments=attachments
    )
    try:
        message.send()
    except (OSError, SMTPException) as error:
        raise _outcome(error) from error
    except ValueError as error:  # a line break in it, or no "@"
        raise PermanentFailure(f"This is not an e-mail address: {address!r}") from error
    finally:
        connection.close()


def _outcome(error: Exception) -> NotDelivered:
    match error:
        case SMTPRecipientsRefused():
            code, reason = next(iter(error.recipients.values()))
            return _refusal(code, reason)
        case SMTPSenderRefused() | SMTPDataError():
            return _refusal(error.smtp_code, error.smtp_error)
        case SMTPResponseException():
            return TemporaryFailure(f"The mail server answered {error.smtp_code}")
    pause_channel(EMAIL, PAUSE_AFTER_SILENCE_SECONDS)
    return UnknownOutcome(f"The connection to the mail server broke: {error!r}")


def _refusal(code: int, reason: bytes | str) -> NotDelivered:
    text = reason.decode(errors="replace") if isinstance(reason, bytes) else reason
    kind = TemporaryFailure if code < 500 else PermanentFailure
    return kind(f"The mail server answered {code}: {text}")
