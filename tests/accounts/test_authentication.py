"""Requests of the bot for users who have linked Telegram, and requests with invalid credentials."""

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


def test_the_bot_acts_for_a_linked_user(linked, ask):
    answer = ask()
    assert answer.status_code == 200
    assert answer.json()["username"] == "anna"


def test_the_bots_user_costs_one_query(linked, ask, django_assert_num_queries):
    with django_assert_num_queries(3):  # the others are the profile's own
        ask()


def test_without_a_link_the_bot_acts_for_no_user(user, ask):
    assert ask().status_code == 403


def test_the_bot_does_not_act_for_a_user_who_is_not_active(linked, user, ask):
    user.is_active = False
    user.save()
    assert ask().status_code == 403


@pytest.mark.parametrize("forged", [{}, {"X-Telegram-Bot-Api-Secret-Token": "guessed"}])
def test_other_clients_do_not_act_for_a_user(linked, ask, forged):
    assert ask(headers=forged).status_code == 403


def test_without_a_secret_it_is_closed(linked, ask, settings):
    settings.TELEGRAM_WEBHOOK_SECRET = ""
    assert ask().status_code == 503


@pytest.mark.parametrize("telegram_id", ["0", "-1", str(2**63), "abc", "", "9" * 5000])
def test_an_id_that_cannot_be_is_a_400(linked, ask, telegram_id):
    answer = ask(telegram_id)
    assert answer.status_code == 400
    assert USER_HEADER in answer.json()["detail"]


def test_the_secret_alone_authenticates_no_user(linked, secret):
    assert APIClient().get("/api/v1/me/", headers=secret).status_code == 401


def test_the_bot_needs_no_csrf_token(linked, secret):
    client = APIClient(enforce_csrf_checks=True)
    headers = {**secret, USER_HEADER: str(ANNA)}
    assert client.patch("/api/v1/me/", {"first_name": "A"}, "json", headers=headers).status_code == 200


@pytest.mark.parametrize("header", ["Token spoilt", "Token", "Token a b"])
def test_requests_with_invalid_credentials_are_limited_by_address(header):
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=header)
    answers = [client.get("/api/v1/me/") for _ in range(61)]
    assert [answer.status_code for answer in answers] == [401] * 60 + [429]
    assert answers[-1].json()["violated-policies"] == ["anon"]
    assert "RateLimit" in answers[0]
