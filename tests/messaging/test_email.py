"""What a mail comes to, by how the mail server behaves."""

import socket
from email import message_from_string

import pytest

from messaging.email import send_mail
from messaging.errors import PermanentFailure, TemporaryFailure, UnknownOutcome
from tests.support.smtp import HANG_UP


def send():
    send_mail("anna@example.com", "Two\nlines", "The text")


def test_a_mail_arrives_with_its_subject_on_one_line(smtp):
    send()
    [mail] = smtp.mails
    assert "Subject: Two lines" in mail
    assert "To: anna@example.com" in mail
    assert "The text" in mail


def test_a_mail_arrives_with_what_is_attached(smtp):
    send_mail("anna@example.com", "Subject", "The text", [("a.pdf", b"%PDF-1.4", "application/pdf")])
    [attached] = message_from_string(smtp.mails[0]).get_payload()[1:]
    assert (attached.get_filename(), attached.get_content_type()) == ("a.pdf", "application/pdf")
    assert attached.get_payload(decode=True) == b"%PDF-1.4"


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA", "."])
@pytest.mark.parametrize(
    ("answer", "error"), [("550 no", PermanentFailure), ("450 not now", TemporaryFailure)]
)
def test_a_refusal_is_for_good_or_for_now(smtp, command, answer, error):
    smtp.answers[command] = answer
    with pytest.raises(error, match=answer[:3]):
        send()


@pytest.mark.parametrize("answer", ["421 too busy", "554 not you", HANG_UP])
def test_a_server_that_is_not_there_for_us_may_be_later(smtp, answer):
    smtp.answers["CONNECT"] = answer
    with pytest.raises(TemporaryFailure):
        send()


def test_no_connection_means_not_sent(settings, smtp):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings.EMAIL_PORT = taken.getsockname()[1]
        with pytest.raises(TemporaryFailure, match="No connection"):
            send()


def test_a_connection_that_breaks_after_the_mail_leaves_it_unknown(smtp):
    smtp.answers["."] = HANG_UP
    with pytest.raises(UnknownOutcome):
        send()
    assert len(smtp.mails) == 1


@pytest.mark.parametrize("address", ["a\nb@example.com", "no-address"])
def test_what_is_no_address_is_refused(smtp, address):
    smtp.answers["RCPT"] = "501 not an address"
    with pytest.raises(PermanentFailure):
        send_mail(address, "Subject", "The text")
