"""A link to the bot: who gets it, what becomes of it."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from core.secret_tokens import hash_token
from messaging import delivery, dispatch
from messaging.models import LinkToken, OutgoingMessage, TelegramAccount
from tests.factories import UserFactory
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db

LINK = "/api/v1/auth/telegram/link/"
CONFIRM = "/api/v1/auth/telegram/confirm/"
ANNA = 700_000_001
NEVER_GIVEN = "A" * 43


def ask(user):
    client = APIClient()
    client.force_authenticate(user)
    return client.post(LINK)


def token_of(user):
    return ask(user).json()["link_token"]


@pytest.fixture
def confirm(secret):
    def post(code, telegram_id=ANNA, headers=secret):
        client = APIClient(raise_request_exception=False)
        return client.post(CONFIRM, {"code": code, "telegram_id": telegram_id}, "json", headers=headers)

    return post


def test_a_link_carries_the_token_to_our_bot(user, telegram):
    answer = ask(user)
    assert answer.status_code == 201
    body = answer.json()
    assert body["expires_in"] == 600
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", body["link_token"])
    link = urlsplit(body["telegram_link"])
    assert (link.netloc, link.path) == ("t.me", "/syllabus_bot")
    assert parse_qs(link.query) == {"start": [body["link_token"]]}


def test_without_a_bot_there_is_a_token_but_no_link(user, settings):
    settings.TELEGRAM_BOT_NAME = ""
    assert ask(user).json()["telegram_link"] is None


def test_links_are_for_the_signed_in(api):
    assert api.post(LINK).status_code == api.delete(LINK).status_code == 401


def test_the_database_holds_no_token(user):
    token = token_of(user)
    assert token not in str(LinkToken.objects.values_list().get())


def test_confirming_links(user, confirm):
    answer = confirm(token_of(user))
    assert answer.status_code == 200
    assert answer.json()["telegram_id"] == ANNA
    assert answer.json()["user"]["username"] == "anna"
    assert user.telegram.telegram_id == ANNA
    client = APIClient()
    client.force_authenticate(user)
    assert client.get("/api/v1/me/").json()["telegram"]["telegram_id"] == ANNA


def test_unknown_used_expired_and_revoked_are_answered_alike(user, confirm):
    early = UserFactory()
    used = token_of(early)
    assert confirm(used, 700_000_998).status_code == 200
    revoked = token_of(user)
    expired = token_of(user)
    LinkToken.objects.update(expires_at=timezone.now())
    other = UserFactory()
    of_a_deleted_user = token_of(other)
    other.delete()
    inactive = UserFactory()
    of_an_inactive_user = token_of(inactive)
    inactive.is_active = False
    inactive.save()
    answers = [
        confirm(token, 700_000_999)
        for token in (NEVER_GIVEN, used, revoked, expired, of_a_deleted_user, of_an_inactive_user)
    ]
    assert {answer.status_code for answer in answers} == {400}
    assert len({answer.content for answer in answers}) == 1
    assert TelegramAccount.objects.get().user == early


def test_a_token_is_good_for_ten_minutes(user):
    before = timezone.now()
    token_of(user)
    good_for = LinkToken.objects.get().expires_at - before
    assert timedelta(minutes=10) <= good_for < timedelta(minutes=10, seconds=5)


def test_a_telegram_account_of_another_user_is_a_conflict_and_the_token_survives(user, confirm):
    other = UserFactory()
    confirm(token_of(other))
    token = token_of(user)
    answer = confirm(token)
    assert answer.status_code == 409
    assert TelegramAccount.objects.get().user == other
    assert confirm(token, 700_000_002).status_code == 200


def test_linking_sends_what_was_given_up_for_want_of_an_address(telegram, confirm):
    user = UserFactory(email="")
    for key, mail_only in (("either", False), ("mail only", True)):
        delivery.send(user=user, subject=key, text="Text", dedupe_key=key, mail_only=mail_only)
    dispatch.dispatch(OutgoingMessage.objects.all())
    assert set(OutgoingMessage.objects.values_list("state", flat=True)) == {"given_up"}
    confirm(token_of(user))
    assert dispatch.dispatch(OutgoingMessage.objects.all()) == 1
    assert telegram.messages == [(ANNA, "either\n\nText")]


def test_linking_again_replaces_the_account(user, confirm):
    confirm(token_of(user))
    assert confirm(token_of(user), 700_000_002).status_code == 200
    assert confirm(token_of(user), 700_000_002).status_code == 200
    assert TelegramAccount.objects.get().telegram_id == 700_000_002


@pytest.mark.parametrize("telegram_id", [0, -1, 2**63, "abc", "", None, 1.5, True, [1], "9" * 5000])
def test_a_malformed_telegram_id_is_a_400_and_the_token_survives(user, confirm, telegram_id):
    token = token_of(user)
    answer = confirm(token, telegram_id)
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {"telegram_id"}
    assert confirm(token).status_code == 200


@pytest.mark.parametrize(
    "code", ["", "short", "A" * 44, "A" * 42 + "\n", "A" * 42 + "!", None, 5, ["a"], "a\0"]
)
def test_a_malformed_code_is_a_400_that_does_not_repeat_it(confirm, code):
    answer = confirm(code)
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {"code"}
    assert "A" * 42 not in answer.content.decode()


@pytest.mark.parametrize("forged", [{}, {"X-Telegram-Bot-Api-Secret-Token": "guessed"}])
def test_only_the_bot_confirms(user, confirm, forged):
    token = token_of(user)
    answer = confirm(token, headers=forged)
    assert answer.status_code == 403
    assert answer["Content-Type"] == "application/problem+json"
    assert confirm(token).status_code == 200


def test_a_secret_of_strange_letters_is_compared_not_a_500(confirm):
    assert confirm(NEVER_GIVEN, headers={"X-Telegram-Bot-Api-Secret-Token": "\xff\xe9"}).status_code == 403


def test_without_a_secret_it_is_closed(user, confirm, settings):
    settings.TELEGRAM_WEBHOOK_SECRET = ""
    token = token_of(user)
    for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": ""}):
        answer = confirm(token, headers=headers)
        assert answer.status_code == 503
        assert "TELEGRAM_WEBHOOK_SECRET" in answer.json()["detail"]
    assert not TelegramAccount.objects.exists()


def test_the_bot_confirms_for_more_than_an_anonymous_client_may(confirm):
    answers = [confirm(NEVER_GIVEN).status_code for _ in range(70)]  # an address may 60 a minute
    assert set(answers) == {400}


def test_the_bot_has_one_limit_from_whatever_address(secret, settings):
    def confirm_from(address):
        client = APIClient(REMOTE_ADDR=address)
        return client.post(CONFIRM, {"code": NEVER_GIVEN, "telegram_id": ANNA}, "json", headers=secret)

    settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]["telegram-confirm"] = "2/min"
    try:
        answers = [confirm_from(address) for address in ("192.0.2.1", "192.0.2.2", "192.0.2.3")]
        assert [answer.status_code for answer in answers] == [400, 400, 429]
    finally:
        settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]["telegram-confirm"] = "600/min"


def test_unlinking_unlinks_and_revokes(user, confirm):
    confirm(token_of(user))
    token = token_of(user)
    client = APIClient()
    client.force_authenticate(user)
    assert [client.delete(LINK).status_code for _ in range(2)] == [204, 204]
    assert client.get("/api/v1/me/").json()["telegram"] is None
    assert confirm(token).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_of_twenty_confirmations_at_once_one_succeeds(user, confirm):
    token = token_of(user)
    answers = at_once(*[lambda n=n: confirm(token, ANNA + n) for n in range(20)])
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 19
    [winner] = [answer for answer in answers if answer.status_code == 200]
    assert TelegramAccount.objects.get().telegram_id == winner.json()["telegram_id"]


@pytest.mark.django_db(transaction=True)
def test_of_ten_users_at_once_one_gets_the_telegram_account(confirm):
    tokens = [token_of(user) for user in UserFactory.create_batch(10)]
    answers = at_once(*[lambda token=token: confirm(token) for token in tokens])
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 9
    assert LinkToken.objects.count() == 9


@pytest.mark.django_db(transaction=True)
def test_ten_links_asked_for_at_once_leave_one_good_token(user, confirm):
    tokens = [answer.json()["link_token"] for answer in at_once(*[lambda: ask(user)] * 10)]
    answers = [confirm(token).status_code for token in tokens]
    assert sorted(answers) == [200] + [400] * 9


@pytest.mark.django_db(transaction=True)
def test_of_sixty_links_asked_for_at_once_the_last_is_valid_even_while_they_are_revoked(
    user, confirm, settings
):
    rates = dict.fromkeys(settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"])
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}

    def revoke():
        client = APIClient()
        client.force_authenticate(user)
        return client.delete(LINK)

    answers = at_once(*[call for _ in range(20) for call in (lambda: ask(user), lambda: ask(user), revoke)])
    assert {answer.status_code for answer in answers} == {201, 204}
    last = LinkToken.objects.first()
    hashes = [hash_token(answer.json()["link_token"]) for answer in answers if answer.status_code == 201]
    assert last is None or last.token_hash in hashes
