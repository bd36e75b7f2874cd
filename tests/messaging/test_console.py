"""Mails on the console: what a reader would see, attachments by name."""

from __future__ import annotations

import io

from django.core.mail import EmailMessage, get_connection


def test_a_mail_is_printed_as_text_and_its_attachment_only_named():
    written = io.StringIO()
    connection = get_connection("messaging.console.EmailBackend", stream=written)
    EmailMessage(
        "Your certificate",
        "Dear Ada,\n\nit is attached.",
        to=["ada@example.com"],
        attachments=[("certificate.pdf", b"%PDF" * 10, "application/pdf")],
        connection=connection,
    ).send()
    assert [line for line in written.getvalue().splitlines() if set(line) != {"-"}] == [
        "Mail to ada@example.com: Your certificate",
        "    Dear Ada,",
        "",
        "    it is attached.",
        "    [attached: certificate.pdf, 40 bytes]",
    ]
