"""One mail, and what became of it. Django's ``send_mail`` does not tell the phases apart."""

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

from messaging.errors import NotDelivered, Refused, TryLater, Unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

Attachment = tuple[str, bytes, str]  # its name, content and type: ("a.pdf", b"%PDF-…", "application/pdf")


def send_mail(address: str, subject: str, text: str, attachments: Sequence[Attachment] = ()) -> None:
    """Send one mail; line breaks in the subject become spaces.

    Raises:
        TryLater: no mail server, or it refused for now (4xx).
        Refused: it refused for good (5xx).
        Unknown: the connection broke while the mail was on its way.
    """
    connection = get_connection()
    try:
        connection.open()
    except (OSError, SMTPException) as error:
        raise TryLater(f"No connection to the mail server: {error}") from error
    message = EmailMessage(
        " ".join(subject.split()), text, to=[address], connection=connection, attachments=attachments
    )
    try:
        message.send()
    except (OSError, SMTPException) as error:
        raise _outcome(error) from error
    except ValueError as error:  # a line break in it, or no "@"
        raise Refused(f"This is not an e-mail address: {address!r}") from error
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
            return TryLater(f"The mail server answered {error.smtp_code}")
    return Unknown(f"The connection to the mail server broke: {error!r}")


def _refusal(code: int, reason: bytes | str) -> NotDelivered:
    text = reason.decode(errors="replace") if isinstance(reason, bytes) else reason
    kind = TryLater if code < 500 else Refused
    return kind(f"The mail server answered {code}: {text}")
