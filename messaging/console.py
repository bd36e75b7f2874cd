"""The mail backend while developing: it prints mails as text, with attachments by name and size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.mail.backends import console

if TYPE_CHECKING:
    from django.core.mail import EmailMessage


class EmailBackend(console.EmailBackend):
    def write_message(self, message: EmailMessage) -> None:
        """Write what a reader would see of a mail to the stream."""
        lines = [
            f"Mail to {', '.join(message.recipients())}: {message.subject}",
            *(f"    {line}".rstrip() for line in str(message.body).splitlines()),
            *(f"    [attached: {_shown(attachment)}]" for attachment in message.attachments),
        ]
        self.stream.write("\n".join(lines) + "\n")


def _shown(attachment: object) -> str:
    name, content, *_ = attachment if isinstance(attachment, tuple) else (None, attachment)
    size = f", {len(content):,} bytes" if isinstance(content, (bytes, str)) else ""
    return f"{name or 'without a name'}{size}"
