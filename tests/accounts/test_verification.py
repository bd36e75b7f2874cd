"""Verifying an e-mail address by a link that is sent there."""

import re
import threading

import pytest
from django.contrib.auth.models import User
from django.core import mail, signing
from django.db import connection, transaction

from accounts import verification
from api.problems.exceptions import Problem
from messaging import delivery, dispatch
from messaging.composers import composer
from messaging.errors import NO_ADDRESS
from messaging.models import OutgoingMessage, VerifiedEmail
from messaging.selectors import verified_address
from tests.accounts.test_signing_in import GOOD
from tests.factories import UserFactory
from tests.support.threads import Other

pytestmark = pytest.mark.django_db

VERIFY = "/api/v1/auth/email/verify/"
SEND = "/api/v1/auth/email/send/"


@pytest.fixture
def boris():
    return UserFactory(username="boris", email="boris@example.com", verified=False)


def send_due():
    return dispatch.dispatch(OutgoingMessage.objects.all())


def verify(api, token):
    return api.post(VERIFY, {"token": token}, format="json")


def token_in(text):
    return re.search(r"/accounts/verify-email/([^/]+)/", text)[1]


def test_registering_sends_a_link_that_verifies_the_address(api, settings):
    settings.SITE_URL = "https://syllabus.example"
    api.post("/api/v1/auth/register/", GOOD, format="json")
    user = User.objects.get()
    assert verified_address(user) == ""
    assert send_due() == 1
    [sent] = mail.outbox
    assert sent.to == ["boris@example.com"]
    assert "https://syllabus.example/accounts/verify-email/" in sent.body
    assert verify(api, token_in(sent.body)).status_code == 204
    assert verified_address(User.objects.get()) == "boris@example.com"
    api.force_authenticate(User.objects.get())
    assert api.get("/api/v1/me/").json()["email_verified"] is True


def test_nothing_else_goes_to_an_address_that_is_not_verified(boris):
    delivery.send(user=boris, subject="Subject", text="Text", dedupe_key="test")
    verification.send_verification(user=boris, language="en")
    assert send_due() == 1
    assert [sent.subject for sent in mail.outbox] == ["Confirm your e-mail address"]


def change_address(api, user, address, password="correct horse", **headers):
    if not user.has_usable_password() or not user.password:
        user.set_password("correct horse")
        user.save()
    api.force_authenticate(user)
    data = {"email": address} if password is None else {"email": address, "current_password": password}
    return api.patch("/api/v1/me/", data, format="json", headers=headers)


def test_a_new_address_has_to_be_verified(api, user):
    answer = change_address(api, user, "new@example.com")
    assert answer.json()["email_verified"] is False
    send_due()
    assert [(sent.to, sent.subject) for sent in mail.outbox] == [
        (["new@example.com"], "Confirm your e-mail address"),
        (["anna@example.com"], "Your e-mail address was changed"),
    ]
    assert verified_address(User.objects.get()) == ""


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        (None, "A new e-mail address needs your present password."),
        ("wrong", "This is not your password."),
        ("", "Must be a text of 1 to 2000 characters, without NUL."),
    ],
)
def test_a_new_address_needs_the_password(api, user, password, reason):
    answer = change_address(api, user, "thief@example.com", password)
    assert (answer.status_code, answer.json()["errors"]) == (400, {"current_password": [reason]})
    assert verified_address(User.objects.get()) == "anna@example.com"
    assert change_address(api, user, "anna@example.com", None).status_code == 200  # it is no new one
    assert send_due() == 0


def test_the_address_before_gets_a_mail_each_time_in_the_language_of_the_request(api, user):
    for address in ("new@example.com", "anna@example.com", "other@example.com"):
        change_address(api, user, address, **{"Accept-Language": "uk"})
        user.refresh_from_db()
    send_due()
    subjects = [sent.subject for sent in mail.outbox if sent.to == ["anna@example.com"]]
    assert subjects == ["Вашу електронну адресу змінено"] * 2


def test_changes_of_the_address_are_limited_with_guesses_of_the_password_and_mails(api, user):
    statuses = [change_address(api, user, f"a{n}@example.com").status_code for n in range(11)]
    assert statuses == [200] * 10 + [429]
    assert api.post(SEND, format="json").status_code == 429
    guess = {"current_password": "wrong", "new_password": "another long password"}
    assert api.post("/api/v1/auth/password/change/", guess, format="json").status_code == 429
    assert api.patch("/api/v1/me/", {"first_name": "A"}, format="json").status_code == 200
    assert api.patch("/api/v1/me/", ["email"], format="json").status_code == 400


@pytest.mark.parametrize("taken", ["boris@example.com", "BORIS@example.COM"])
def test_the_address_of_another_user_is_not_taken(api, boris, user, taken):
    answer = change_address(api, user, taken)
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["email"]
    user.refresh_from_db()
    assert user.email == "anna@example.com"


def test_a_link_is_used_once(api, boris):
    token = verification.make_token(boris)
    assert [verify(api, token).status_code for _ in range(2)] == [204, 400]


def invalid_tokens(user):
    token = verification.make_token(user)
    other = {"user": user.pk + 1, "address": user.email, "last": ""}
    return [
        "x",
        token[:-1],
        signing.dumps({"user": user.pk, "address": user.email, "last": ""}, salt="other"),
        signing.dumps(other, salt=verification.SALT),
        signing.dumps({**other, "user": user.pk, "address": "x@example.com"}, salt=verification.SALT),
    ]


def test_every_link_that_is_not_valid_is_answered_alike(api, boris, monkeypatch):
    expired = verification.make_token(boris)
    answers = [verify(api, token) for token in invalid_tokens(boris)]
    with monkeypatch.context() as patch:
        patch.setattr(verification, "LINK_SECONDS", -1)
        answers.append(verify(api, expired))
    boris.is_active = False
    boris.save()
    answers.append(verify(api, expired))
    assert {(answer.status_code, answer.json()["detail"]) for answer in answers} == {
        (400, verification.LINK_NOT_VALID)
    }
    assert not VerifiedEmail.objects.exists()


def test_a_link_to_an_address_that_was_changed_is_not_valid(api, boris):
    token = verification.make_token(boris)
    boris.email = "new@example.com"
    boris.save()
    assert verify(api, token).status_code == 400


def test_sending_again_sends_one_mail_a_minute_and_none_if_verified(api, boris, monkeypatch):
    api.force_authenticate(boris)
    now = [1_000_000.0]
    monkeypatch.setattr(verification.time, "time", lambda: now[0])
    assert [api.post(SEND).status_code for _ in range(3)] == [202] * 3
    assert send_due() == 1
    now[0] += verification.RESEND_SECONDS
    api.post(SEND)
    assert send_due() == 1
    VerifiedEmail.objects.create(user=boris, address=boris.email)
    now[0] += verification.RESEND_SECONDS
    api.force_authenticate(User.objects.get())
    assert api.post(SEND).status_code == 202
    assert send_due() == 0


def test_no_mail_is_sent_that_has_become_needless(boris):
    verification.send_verification(user=boris, language="en")
    VerifiedEmail.objects.create(user=boris, address=boris.email)
    assert send_due() == 0
    assert OutgoingMessage.objects.get().state == "obsolete"


def test_the_database_holds_no_link(boris):
    verification.send_verification(user=boris, language="en")
    send_due()
    token = token_in(mail.outbox[0].body)
    assert token not in str(OutgoingMessage.objects.values_list().get())


@pytest.mark.parametrize(
    ("language", "subject"),
    [
        ("en", "Confirm your e-mail address"),
        ("uk", "Підтвердьте адресу e-mail"),
        ("ru", "Подтвердите адрес e-mail"),
    ],
)
def test_mail_and_page_have_three_languages(api, client, boris, language, subject):
    api.force_authenticate(boris)
    api.post(SEND, headers={"Accept-Language": language})
    send_due()
    assert mail.outbox[0].subject == subject
    page = client.get(
        f"/accounts/verify-email/{token_in(mail.outbox[0].body)}/", headers={"Accept-Language": language}
    )
    assert f"<h1>{subject}</h1>" in page.content.decode()


def test_the_page_verifies_when_the_button_is_pressed_and_not_before(client, boris):
    page = f"/accounts/verify-email/{verification.make_token(boris)}/"
    answer = client.get(page)
    assert answer["Referrer-Policy"] == "same-origin"  # with no-referrer a browser sends Origin: null
    assert 'id="confirm"' in answer.content.decode()
    assert not VerifiedEmail.objects.exists()
    assert "the address is confirmed" in client.post(page).content.decode()
    assert VerifiedEmail.objects.get().address == boris.email
    again = client.post(page)
    assert again.status_code == 400
    assert "This link is not valid" in again.content.decode()


@pytest.mark.parametrize("token", ["x", "a" * 2000, "%00", "%F0%9F%8E%93", ":::"])
def test_the_page_of_an_invalid_link_reveals_nothing(client, token):
    answer = client.post(f"/accounts/verify-email/{token}/")
    assert answer.status_code == 400
    assert client.get(f"/accounts/verify-email/{token}/").status_code == 200


def test_the_page_limits_attempts(client):
    answers = [client.post("/accounts/verify-email/x/").status_code for _ in range(11)]
    assert answers == [400] * 10 + [429]


@composer("test.obsolete since")
def _compose_obsolete(message):
    return None


def test_what_was_given_up_for_want_of_an_address_is_sent_when_one_is_verified(boris):
    delivery.send(user=boris, subject="Enrolled", text="Text", dedupe_key="test")
    send_due()
    OutgoingMessage.objects.create(
        user=boris, kind="test.obsolete since", dedupe_key="obsolete", state="given_up", error=NO_ADDRESS
    )
    OutgoingMessage.objects.create(
        user=boris, payload={"subject": "x", "text": "x"}, dedupe_key="other", state="given_up", error="550"
    )
    assert OutgoingMessage.objects.get(dedupe_key="test").state == "given_up"
    verification.verify_email(token=verification.make_token(boris))
    assert send_due() == 1
    assert [(sent.to, sent.subject) for sent in mail.outbox] == [([boris.email], "Enrolled")]
    states = dict(OutgoingMessage.objects.values_list("dedupe_key", "state"))
    assert states == {"test": "sent", "obsolete": "obsolete", "other": "given_up"}


@pytest.mark.django_db(transaction=True)
def test_a_message_that_is_given_up_while_the_address_is_verified_is_sent(boris):
    delivery.send(user=boris, subject="Subject", text="Text", dedupe_key="test")
    claimed = dispatch.claim(OutgoingMessage.objects.all())
    with transaction.atomic():
        verification.verify_email(token=verification.make_token(boris))
        attempt = Other(lambda: dispatch.attempt(claimed.message, claimed.content))
        attempt.wait_until_it_waits()
    assert attempt.result() is False
    assert send_due() == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_of_twenty_at_once_with_one_link_one_succeeds(boris):
    token, results = verification.make_token(boris), []

    def use():
        try:
            verification.verify_email(token=token)
            results.append("verified")
        except Problem:
            results.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=use) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["refused"] * 19 + ["verified"]
