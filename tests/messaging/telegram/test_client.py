"""What a call of the Bot API comes to, by how Telegram behaves."""

import socket

import pytest

from messaging.errors import PermanentFailure, TemporaryFailure, UnknownOutcome
from messaging.telegram import client as bot_api
from tests.support.telegram import BOT_TOKEN, Fault

CHAT = 700_000_001


def test_a_message_arrives_as_it_is(telegram):
    text = "Задача «a & b» <1>: \\ \" ' 🎓"
    bot_api.send_message(CHAT, text)
    assert telegram.messages == [(CHAT, text)]


def test_a_long_message_is_cut_to_what_telegram_takes(telegram):
    bot_api.send_message(CHAT, "x" * 5000)
    assert telegram.messages == [(CHAT, "x" * 4096)]
    assert bot_api.fit_text("x" + "🎓" * 3000) == "x" + "🎓" * 2047  # each counts as two


def test_429_tells_when_to_come_again(telegram):
    telegram.next(Fault(status=429, retry_after=7))
    with pytest.raises(TemporaryFailure) as caught:
        bot_api.send_message(CHAT, "hello")
    assert caught.value.retry_after == 7
    assert telegram.messages == []


@pytest.mark.parametrize("status", [500, 502, 503])
def test_5xx_may_be_tried_again(telegram, status):
    telegram.next(Fault(status=status))
    with pytest.raises(TemporaryFailure, match=str(status)):
        bot_api.send_message(CHAT, "hello")


def test_a_gateway_that_gave_up_waiting_knows_nothing(telegram):
    telegram.next(Fault(status=504))
    with pytest.raises(UnknownOutcome):
        bot_api.send_message(CHAT, "hello")


def test_who_has_blocked_the_bot_refuses(telegram):
    telegram.blocked_by.add(CHAT)
    with pytest.raises(PermanentFailure, match="blocked by the user"):
        bot_api.send_message(CHAT, "hello")


def test_a_bad_request_is_refused_with_its_reason(telegram):
    with pytest.raises(PermanentFailure, match="message text is empty"):
        bot_api.send_message(CHAT, " ")


def test_a_wrong_bot_token_is_the_operators_to_mend(telegram, settings):
    settings.TELEGRAM_BOT_TOKEN = "123456:" + "B" * 35
    with pytest.raises(TemporaryFailure, match="401"):
        bot_api.send_message(CHAT, "hello")


@pytest.mark.parametrize("token", [f"{BOT_TOKEN}\n", f" {BOT_TOKEN}", "ключ"])
def test_a_spoilt_bot_token_is_not_repeated_in_the_error(telegram, settings, token):
    settings.TELEGRAM_BOT_TOKEN = token
    with pytest.raises(TemporaryFailure) as caught:
        bot_api.send_message(CHAT, "hello")
    assert token.strip() not in str(caught.value)


def test_without_a_bot_token_nothing_is_called(telegram, settings):
    settings.TELEGRAM_BOT_TOKEN = ""
    with pytest.raises(TemporaryFailure, match="TELEGRAM_BOT_TOKEN"):
        bot_api.send_message(CHAT, "hello")
    assert telegram.calls == 0


def test_an_answer_that_is_lost_leaves_it_unknown(telegram):
    telegram.next(Fault(lost=True))
    with pytest.raises(UnknownOutcome):
        bot_api.send_message(CHAT, "hello")
    assert telegram.messages == [(CHAT, "hello")]


def test_an_answer_that_does_not_come_in_time_leaves_it_unknown(telegram, monkeypatch):
    monkeypatch.setattr(bot_api, "ANSWER_TIMEOUT_SECONDS", 0.2)
    telegram.answering.clear()
    with pytest.raises(UnknownOutcome, match="timed out"):
        bot_api.send_message(CHAT, "hello")


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"", b'{"ok": false}'])
def test_an_answer_that_says_nothing_leaves_it_unknown(telegram, body):
    telegram.next(Fault(body=body))
    with pytest.raises(UnknownOutcome):
        bot_api.send_message(CHAT, "hello")


def test_no_connection_means_not_sent(telegram, settings):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but not listening
        settings.TELEGRAM_API_URL = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(TemporaryFailure, match="No connection"):
            bot_api.send_message(CHAT, "hello")
