"""``manage.py telegram_webhook``."""

import json

import pytest
from django.core.management import CommandError, call_command

from tests.support.telegram import SECRET, Fault


def run(capsys, *words):
    call_command("telegram_webhook", *words)
    return capsys.readouterr().out


def test_set_info_delete(telegram, capsys):
    assert "https://example.com/api/v1/telegram/webhook/" in run(capsys, "set", "https://example.com/")
    assert telegram.webhook == {
        "url": "https://example.com/api/v1/telegram/webhook/",
        "secret_token": SECRET,
        "allowed_updates": ["message"],
    }
    assert json.loads(run(capsys, "info"))["url"].startswith("https://example.com/")
    run(capsys, "delete")
    assert json.loads(run(capsys, "info"))["url"] == ""


def test_telegram_sends_to_https_only(telegram, capsys):
    with pytest.raises(CommandError, match="https"):
        run(capsys, "set", "http://example.com")


def test_no_webhook_without_a_secret(telegram, settings, capsys):
    settings.TELEGRAM_WEBHOOK_SECRET = ""
    with pytest.raises(CommandError, match="TELEGRAM_WEBHOOK_SECRET"):
        run(capsys, "set", "https://example.com")
    assert telegram.calls == 0


def test_a_failure_is_printed_in_one_line(telegram, capsys):
    telegram.next(Fault(status=500))
    with pytest.raises(CommandError, match="500"):
        run(capsys, "info")


def test_without_a_bot_token_it_says_what_is_missing(telegram, settings, capsys):
    settings.TELEGRAM_BOT_TOKEN = ""
    with pytest.raises(CommandError, match="TELEGRAM_BOT_TOKEN"):
        run(capsys, "info")
