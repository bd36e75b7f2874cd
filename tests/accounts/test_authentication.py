"""The bot speaks for those who have linked their Telegram account."""

import pytest
from rest_framework.test import APIClient

from messaging.models import TelegramAccount
from messaging.telegram.authentication import USER_HEADER
from tests.messaging.telegram.test_linking import ANNA

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(secret):
    def get(telegram_id=str(ANNA), headers=secret):
        client = APIClient(raise_request_exception=False)
        return client.get("/api/v1/me/", headers={**headers, USER_HEADER: telegram_id})

    return get


@pytest.fixture
def linked(user):
    return TelegramAccount.objects.create(user=user, telegram_id=ANNA)


def test_the_bot_speaks_for_a_linked_user(linked, ask):
    answer = ask()
    assert answer.status_code == 200
    assert answer.json()["username"] == "anna"


def test_it_knows_the_user_by_one_query(linked, ask, django_assert_num_queries):
    with django_assert_num_queries(2):  # the second is the profile's own
        ask()


def test_nobody_is_linked_nobody_is_spoken_for(user, ask):
    assert ask().status_code == 403


def test_a_user_who_is_not_active_is_not_spoken_for(linked, user, ask):
    user.is_active = False
    user.save()
    assert ask().status_code == 403


@pytest.mark.parametrize("forged", [{}, {"X-Telegram-Bot-Api-Secret-Token": "guessed"}])
def test_nobody_else_speaks_for_a_user(linked, ask, forged):
    assert ask(headers=forged).status_code == 403


def test_without_a_secret_it_is_closed(linked, ask, settings):
    settings.TELEGRAM_WEBHOOK_SECRET = ""
    assert ask().status_code == 503


@pytest.mark.parametrize("telegram_id", ["0", "-1", str(2**63), "abc", "", "9" * 5000])
def test_an_id_that_cannot_be_is_a_400(linked, ask, telegram_id):
    answer = ask(telegram_id)
    assert answer.status_code == 400
    assert USER_HEADER in answer.json()["detail"]


def test_the_secret_alone_makes_nobody_anybody(linked, secret):
    assert APIClient().get("/api/v1/me/", headers=secret).status_code == 401


def test_the_bot_needs_no_csrf_token(linked, secret):
    client = APIClient(enforce_csrf_checks=True)
    headers = {**secret, USER_HEADER: str(ANNA)}
    assert client.patch("/api/v1/me/", {"first_name": "A"}, "json", headers=headers).status_code == 200
