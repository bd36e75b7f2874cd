"""What Telegram sends to the webhook, and what the bot makes of it."""

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from messaging.models import TelegramAccount, TelegramUpdate
from messaging.retention import delete_old_updates
from messaging.telegram.linking import issue_link_token
from tests.factories import UserFactory
from tests.messaging.telegram.test_linking import ANNA, NEVER_GIVEN
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db

WEBHOOK = "/api/v1/telegram/webhook/"


def message(text, *, sender=ANNA, chat_type="private", update_id=1, language="en"):
    """An Update as Telegram sends it."""
    return {
        "update_id": update_id,
        "message": {
            "message_id": 11,
            "from": {"id": sender, "is_bot": False, "first_name": "Anna", "language_code": language},
            "chat": {"id": sender, "first_name": "Anna", "type": chat_type},
            "date": 1_700_000_000,
            "text": text,
            "entities": [{"offset": 0, "length": 6, "type": "bot_command"}],
        },
    }


@pytest.fixture
def send(secret):
    def post(update, headers=secret):
        client = APIClient(raise_request_exception=False)
        return client.post(WEBHOOK, update, "json", headers=headers)

    return post


@pytest.mark.parametrize("text", ["/start {}", "/start@syllabus_bot {}", "/start   {}\n"])
def test_start_with_a_token_links_and_says_so(user, send, text):
    answer = send(message(text.format(issue_link_token(user=user))))
    assert answer.status_code == 200
    reply = answer.json()
    assert (reply["method"], reply["chat_id"]) == ("sendMessage", ANNA)
    assert "anna" in reply["text"]
    assert TelegramAccount.objects.get().telegram_id == ANNA


def test_an_invalid_token_is_answered_in_the_chat(send):
    answers = [
        send(message(f"/start {code}", update_id=n)) for n, code in enumerate((NEVER_GIVEN, "x", "x" * 4000))
    ]
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["text"] for answer in answers} == {answers[0].json()["text"]}
    assert "not valid" in answers[0].json()["text"]


def test_a_telegram_account_of_another_user_is_refused_and_the_token_stays_valid(user, send):
    TelegramAccount.objects.create(user=UserFactory(), telegram_id=ANNA)
    token = issue_link_token(user=user)
    assert "another user" in send(message(f"/start {token}")).json()["text"]
    assert "anna" in send(message(f"/start {token}", sender=ANNA + 1, update_id=2)).json()["text"]


def test_start_alone_is_welcomed(send):
    assert "Hello" in send(message("/start")).json()["text"]


@pytest.mark.parametrize("chat_type", ["group", "supergroup", "channel"])
def test_a_group_links_no_user(user, send, chat_type):
    token = issue_link_token(user=user)
    answer = send(message(f"/start {token}", chat_type=chat_type))
    assert (answer.status_code, answer.json()) == (200, {})
    assert not TelegramAccount.objects.exists()


@pytest.mark.parametrize(
    "update",
    [
        {"update_id": 1},
        {"update_id": 1, "edited_message": message("/start x")["message"]},
        {"update_id": 1, "message": {}},
        {"update_id": 1, "message": {"chat": None, "from": [], "text": 5}},
        {"update_id": 1, "message": {"chat": {"type": "private"}, "from": {"id": "x"}, "text": "/start x"}},
        {"update_id": 1, "callback_query": {"id": "1"}},
        message("hello"),
        message("/"),
        message("/" + "x" * 33),
        message("say /help"),
    ],
)
def test_whatever_else_comes_is_taken_in_silence(send, update):
    answer = send(update)
    assert (answer.status_code, answer.json()) == (200, {})


@pytest.mark.parametrize("text", ["/help", "/starting", "/HELP@syllabus_bot", "/nothing at all"])
def test_help_and_unknown_commands_list_the_commands(send, text):
    text = send(message(text)).json()["text"]
    assert [line.split()[0] for line in text.splitlines()[1:]] == ["/done", "/tasks", "/unlink", "/help"]


@pytest.mark.parametrize(
    ("language", "word"),
    [
        ("en", "understand"),
        ("uk", "Що я"),
        ("ru-RU", "Что я"),
        ("de", "understand"),
        (None, "understand"),
    ],
)
def test_the_bot_uses_the_language_of_the_user(send, language, word):
    assert word in send(message("/help", language=language)).json()["text"]


def test_an_invalid_token_is_refused_in_the_language_of_the_user(send):
    assert "недійсний" in send(message(f"/start {NEVER_GIVEN}", language="uk")).json()["text"]


@pytest.mark.parametrize("command", ["/tasks", "/done 1", "/unlink"])
def test_a_command_of_a_chat_that_is_not_linked_says_how_to_link(send, user, command):
    assert "not linked" in send(message(command)).json()["text"]
    TelegramAccount.objects.create(user=user, telegram_id=ANNA)
    user.is_active = False
    user.save()
    assert "not linked" in send(message(command, update_id=2)).json()["text"]


def test_unlink_ends_the_link(send, user):
    TelegramAccount.objects.create(user=user, telegram_id=ANNA)
    assert "not linked any more" in send(message("/unlink")).json()["text"]
    assert not TelegramAccount.objects.exists()


@pytest.mark.parametrize("sender", [0, -1, 2**63])
def test_an_impossible_id_links_no_user(user, send, sender):
    answer = send(message(f"/start {issue_link_token(user=user)}", sender=sender))
    assert answer.status_code == 200
    assert not TelegramAccount.objects.exists()


@pytest.mark.parametrize(
    "update",
    [{}, {"update_id": "x"}, {"update_id": -1}, {"update_id": 2**63}, {"update_id": 1, "message": "x"}],
)
def test_what_is_no_update_is_a_400(send, update):
    assert send(update).status_code == 400


def test_a_repeated_update_does_nothing(user, send):
    update = message(f"/start {issue_link_token(user=user)}")
    assert send(update).json()["text"]
    TelegramAccount.objects.all().delete()
    answer = send(update)
    assert (answer.status_code, answer.json()) == (200, {})
    assert not TelegramAccount.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_update_that_comes_ten_times_at_once_is_answered_once(user, send):
    update = message(f"/start {issue_link_token(user=user)}")
    answers = at_once(*[lambda: send(update)] * 10)
    assert {answer.status_code for answer in answers} == {200}
    assert sum(answer.json() != {} for answer in answers) == 1


@pytest.mark.parametrize("forged", [{}, {"X-Telegram-Bot-Api-Secret-Token": "guessed"}])
def test_only_telegram_is_heard(user, send, forged):
    assert send(message(f"/start {issue_link_token(user=user)}"), headers=forged).status_code == 403
    assert not TelegramUpdate.objects.exists()


def test_without_a_secret_it_is_closed(send, settings):
    settings.TELEGRAM_WEBHOOK_SECRET = ""
    assert send(message("/start")).status_code == 503


def test_updates_are_deleted_when_they_cannot_come_again():
    TelegramUpdate.objects.create(update_id=1, received_at=timezone.now() - timezone.timedelta(days=4))
    TelegramUpdate.objects.create(update_id=2)
    delete_old_updates()
    assert [update.pk for update in TelegramUpdate.objects.all()] == [2]
