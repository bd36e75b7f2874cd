"""No token, secret or password in any line of the log, however much is logged."""

import logging

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import AccessToken
from accounts.reset_mails import link_to_reset
from accounts.verification import make_token
from core import redis_state
from messaging import delivery, dispatch
from messaging.models import LinkToken, OutgoingMessage
from messaging.telegram.authentication import USER_HEADER
from tests.accounts.test_signing_in import GOOD, PASSWORD
from tests.messaging.telegram.test_linking import ANNA, CONFIRM, LINK, NEVER_GIVEN
from tests.messaging.telegram.test_webhook import WEBHOOK, message
from tests.support.telegram import BOT_TOKEN, SECRET, Fault

pytestmark = pytest.mark.django_db


@pytest.fixture
def _everything_is_logged(settings, caplog):
    settings.DEBUG = True  # Django logs every statement with its parameters
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="django")


@pytest.mark.usefixtures("_everything_is_logged")
def test_no_secret_is_logged(caplog, telegram, secret):
    client = Client(raise_request_exception=False)

    def post(address, data, **headers):
        return client.post(address, data, "application/json", headers=headers)

    def confirm(code, **headers):
        return post(CONFIRM, {"code": code, "telegram_id": ANNA}, **{**secret, **headers})

    post("/api/v1/auth/register/", GOOD)
    access = post("/api/v1/auth/token/", {"username": "boris", "password": PASSWORD}).json()["token"]
    signed_in = {"Authorization": f"Token {access}"}
    links = [post(LINK, {}, **signed_in).json()["link_token"] for _ in range(2)]
    confirm(NEVER_GIVEN)
    confirm(links[0])
    confirm(links[1], **{"X-Telegram-Bot-Api-Secret-Token": "forged-secret"})
    post(WEBHOOK, message(f"/start {links[1]}"), **secret)
    post(WEBHOOK, message(f"/start {links[1]}", update_id=2), **secret)
    client.get("/api/v1/me/", headers={**secret, USER_HEADER: str(ANNA)})
    user = AccessToken.objects.get().user
    for number, fault in enumerate([Fault(), Fault(status=500), Fault(lost=True)]):
        telegram.next(fault)
        delivery.send(user=user, subject="Subject", text="Text", dedupe_key=f"test:{number}")
        dispatch.dispatch(OutgoingMessage.objects.filter(dedupe_key=f"test:{number}"))
        redis_state.client().delete("messaging:pause:telegram")
    assert telegram.calls == 3
    post("/api/v1/auth/token/", {"username": "boris", "password": "a-wrong-password"})
    post("/api/v1/auth/logout/", {}, **signed_in)

    assert not LinkToken.objects.exists()
    assert "INSERT INTO" in caplog.text
    assert "auth/telegram/confirm" in caplog.text
    secrets = [access, *links, NEVER_GIVEN, "forged-secret", SECRET, BOT_TOKEN, PASSWORD, "a-wrong-password"]
    logged = "\n".join([caplog.text, *(str(vars(record)) for record in caplog.records)])
    assert [secret for secret in secrets if secret in logged] == []


def test_no_link_of_a_mail_is_logged(user, capfd):
    user.set_password("correct horse")
    reset, verification = link_to_reset(user).removeprefix(settings.SITE_URL), make_token(user)
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    verify = f"/accounts/verify-email/{verification}/"
    answers = [client.put(reset), client.post(reset), client.post(verify), client.put(verify)]
    answers += [client.get(f"{verify}more/"), client.get(verify.replace("verify", "Verify"))]
    assert [answer.status_code for answer in answers] == [403] * 4 + [404] * 2
    printed = "".join(capfd.readouterr())
    assert "Forbidden" in printed
    assert "/accounts/verify-email/…" in printed
    assert reset.split("/")[-2] not in printed
    assert verification not in printed
