"""Changing and resetting a password, over the API and on pages, and what ends with it."""

import re
from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import reset_mails
from accounts.actions import issue_access_token
from accounts.models import AccessToken, PasswordResetRequest
from accounts.reset_mails import answer_requests, link_to_reset
from accounts.verification import LINK_NOT_VALID
from messaging import dispatch
from messaging.models import LinkToken, OutgoingMessage, TelegramAccount
from messaging.telegram.linking import issue_link_token
from tests.factories import UserFactory
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db

CHANGE = "/api/v1/auth/password/change/"
RESET = "/api/v1/auth/password/reset/"
CONFIRM = "/api/v1/auth/password/reset/confirm/"
LINK = r"https://syllabus.example/accounts/password/reset/([^/]+)/([^/]+)/"
HUGE = "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5"  # a number that no id can be
OLD, NEW = "correct horse battery", "another long password"


@pytest.fixture
def user(user):
    user.set_password(OLD)
    user.save()
    return user


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def token_client(user):
    client = APIClient(raise_request_exception=False)
    client.credentials(HTTP_AUTHORIZATION=f"Token {issue_access_token(user=user)}")
    return client


def status_of(client):
    return client.get("/api/v1/me/").status_code


def change(client, current=OLD, new=NEW):
    data = {"current_password": current, "new_password": new}
    return client.post(CHANGE, data, content_type="application/json")


def parts_of(user):
    return re.search(r"/accounts/password/reset/([^/]+)/([^/]+)/$", link_to_reset(user)).groups()


def confirm(api, uid, token, password=NEW):
    return api.post(CONFIRM, {"uid": uid, "token": token, "new_password": password}, "json")


def send_due():
    return dispatch.dispatch(OutgoingMessage.objects.all())


class TestChanging:
    def test_ends_tokens_and_other_sessions_and_keeps_this_one(self, user):
        this, other, token = signed_in(user), signed_in(user), token_client(user)
        key = this.cookies["sessionid"].value
        answer = change(this)
        assert (answer.status_code, answer.json()) == (200, {"token": None})
        assert [status_of(one) for one in (this, other, token)] == [200, 401, 401]
        assert this.cookies["sessionid"].value != key
        assert user.sessions.count() == 1
        assert User.objects.get().check_password(NEW)

    def test_by_a_token_gives_a_new_one(self, user):
        session, token = signed_in(user), token_client(user)
        data = {"current_password": OLD, "new_password": NEW}
        answer = token.post(CHANGE, data, "json")
        assert "no-store" in answer["Cache-Control"]
        assert [status_of(one) for one in (session, token)] == [401, 401]
        token.credentials(HTTP_AUTHORIZATION=f"Token {answer.json()['token']}")
        assert status_of(token) == 200

    def test_by_a_token_leaves_the_session_of_another_user_alone(self, user):
        client = signed_in(UserFactory())
        header = {"Authorization": f"Token {issue_access_token(user=user)}"}
        data = {"current_password": OLD, "new_password": NEW}
        assert client.post(CHANGE, data, content_type="application/json", headers=header).status_code == 200
        assert status_of(client) == 200

    @pytest.mark.parametrize(
        ("current", "new", "field"),
        [
            ("wrong", NEW, "current_password"),
            ("", NEW, "current_password"),
            (OLD, "12345678", "new_password"),
            (OLD, "anna@example", "new_password"),
            (OLD, "x" * 129, "new_password"),
        ],
    )
    def test_refuses_what_is_wrong_by_field(self, user, current, new, field):
        client = signed_in(user)
        answer = change(client, current, new)
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
        assert status_of(client) == 200

    def test_limits_guesses(self, user):
        client = signed_in(user)
        assert [change(client, "wrong").status_code for _ in range(11)] == [400] * 10 + [429]

    def test_says_so_by_mail(self, user):
        change(signed_in(user))
        assert send_due() == 1
        assert mail.outbox[0].subject == "Your password was changed"

    @pytest.mark.django_db(transaction=True)
    def test_of_two_at_once_one_wins(self, user):
        clients = [signed_in(user), signed_in(user)]
        calls = [
            lambda one=one, new=new: change(one, new=new)
            for one, new in zip(clients, (NEW, NEW + "2"), strict=True)
        ]
        assert sorted(answer.status_code for answer in at_once(*calls)) in ([200, 400], [200, 401])


class TestResetting:
    def test_by_the_link_in_the_mail(self, api, user, settings):
        settings.SITE_URL = "https://syllabus.example"
        session, token = signed_in(user), token_client(user)
        assert api.post(RESET, {"email": "ANNA@example.com"}, "json").status_code == 202
        answer_requests()
        assert send_due() == 1
        link = re.search(
            r"https://syllabus.example/accounts/password/reset/([^/]+)/([^/]+)/", mail.outbox[0].body
        )
        assert confirm(api, *link.groups()).status_code == 204
        assert [status_of(one) for one in (session, token)] == [401, 401]
        assert (user.sessions.count(), AccessToken.objects.count()) == (0, 0)
        assert User.objects.get().check_password(NEW)
        assert confirm(api, *link.groups(), OLD).json()["detail"] == LINK_NOT_VALID

    def test_answers_alike_for_any_address_by_the_same_statements(self, api, user):
        UserFactory(email="unverified@example.com", verified=False)
        seen = []
        for address in ("anna@example.com", "nowhere@example.com", "unverified@example.com"):
            with CaptureQueriesContext(connection) as statements:
                answer = api.post(RESET, {"email": address}, "json")
            kinds = [statement["sql"].split(" VALUES ")[0] for statement in statements]
            seen.append((answer.status_code, answer.content, [k for k in kinds if "SAVEPOINT" not in k]))
        assert seen[0] == seen[1] == seen[2]
        assert len(seen[0][2]) == 1
        assert not OutgoingMessage.objects.exists()

    @pytest.mark.parametrize("why", ["unknown", "inactive", "no password", "twice"])
    def test_sends_at_most_one_link_and_only_to_who_may_use_it(self, api, user, why):
        address = "nowhere@example.com" if why == "unknown" else user.email
        if why == "no password":
            user.set_unusable_password()
        user.is_active = why != "inactive"
        user.save()
        for _ in range(2):
            api.post(RESET, {"email": address}, "json")
            answer_requests()
        assert send_due() == (why == "twice")
        assert not PasswordResetRequest.objects.exists()

    def test_sends_no_link_to_an_address_that_is_not_verified_but_the_one_that_verifies_it(self, api):
        UserFactory(email="boris@example.com", password=make_password(OLD), verified=False)
        api.post(RESET, {"email": "boris@example.com"}, "json")
        answer_requests()
        assert send_due() == 1
        assert mail.outbox[0].subject == "Confirm your e-mail address"

    def test_the_database_holds_no_link(self, api, user):
        api.post(RESET, {"email": user.email}, "json")
        answer_requests()
        send_due()
        token = re.search(r"reset/[^/]+/([^/]+)/", mail.outbox[0].body)[1]
        assert token not in str(OutgoingMessage.objects.values_list().get())

    @pytest.mark.parametrize(
        "change", ["expired", "inactive", "other user", "signed in", "token", "uid", "huge"]
    )
    def test_answers_every_link_that_is_not_valid_alike(self, api, user, change, settings):
        uid, token = parts_of(user)
        if change == "expired":
            settings.PASSWORD_RESET_TIMEOUT = -1
        if change == "inactive":
            User.objects.update(is_active=False)
        if change == "signed in":
            User.objects.update(last_login=timezone.now())
        uid = {
            "other user": parts_of(UserFactory())[0],
            "uid": "é",
            "huge": "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5",
        }.get(change, uid)
        token = "x-y" if change == "token" else token
        answer = confirm(api, uid, token)
        assert (answer.status_code, answer.json()["detail"]) == (400, LINK_NOT_VALID)

    def test_a_password_that_is_not_accepted_leaves_the_link_valid(self, api, user):
        parts = parts_of(user)
        answer = confirm(api, *parts, "12345678")
        assert list(answer.json()["errors"]) == ["new_password"]
        assert confirm(api, *parts).status_code == 204

    def test_a_link_is_valid_for_an_hour(self, settings):
        assert timedelta(hours=1).total_seconds() == settings.PASSWORD_RESET_TIMEOUT

    @pytest.mark.django_db(transaction=True)
    def test_of_two_with_one_link_one_wins(self, user):
        parts = parts_of(user)
        calls = [partial(confirm, APIClient(), *parts, NEW + str(number)) for number in range(3)]
        assert sorted(answer.status_code for answer in at_once(*calls)) == [204, 400, 400]

    def test_many_requests_are_answered_and_none_twice(self, user, monkeypatch):
        monkeypatch.setattr(reset_mails, "MAX_ANSWERED", 2)
        PasswordResetRequest.objects.bulk_create(
            [PasswordResetRequest(email=f"{n}@example.com", language="en") for n in range(5)]
        )
        answer_requests()
        assert not PasswordResetRequest.objects.exists()


class TestPages:
    def test_sign_in_leads_to_sign_up_and_to_the_reset(self, client):
        page = client.get("/accounts/login/").content.decode()
        assert 'href="/accounts/sign-up/"' in page
        assert 'href="/accounts/password/reset/"' in page

    def test_sign_up_makes_a_user_and_sends_the_verification(self, client):
        data = {"username": "boris", "email": "Boris@EXAMPLE.com", "password1": NEW, "password2": NEW}
        answer = client.post("/accounts/sign-up/", data, follow=True)
        assert "Your account is ready" in answer.content.decode()
        assert User.objects.get().email == "Boris@example.com"
        assert User.objects.get().check_password(NEW)
        assert send_due() == 1
        again = client.post("/accounts/sign-up/", data)
        assert "already exists" in again.content.decode()
        assert User.objects.count() == 1

    def test_sign_up_that_loses_a_race_is_an_error_of_the_form(self, client, user, monkeypatch):
        monkeypatch.setattr("accounts.forms.is_taken", lambda *args, **kwargs: False)
        data = {"username": "boris", "email": user.email, "password1": NEW, "password2": NEW}
        assert "not available" in client.post("/accounts/sign-up/", data).content.decode()

    @pytest.mark.parametrize(
        "changes",
        [
            {"password2": "x"},
            {"email": "x"},
            {"email": ""},
            {"username": "a b"},
            {"password1": "1", "password2": "1"},
        ],
    )
    def test_sign_up_shows_what_is_wrong(self, client, changes):
        data = {"username": "boris", "email": "b@example.com", "password1": NEW, "password2": NEW, **changes}
        page = client.post("/accounts/sign-up/", data)
        assert 'role="alert"' in page.content.decode()
        assert not User.objects.exists()

    def test_a_signed_in_reader_does_not_sign_up(self, user):
        assert signed_in(user).get("/accounts/sign-up/").url == "/topics/"

    def test_the_reset_says_the_same_for_any_address(self, client, user):
        pages = [
            client.post("/accounts/password/reset/", {"email": address}, follow=True)
            for address in (user.email, "nowhere@example.com")
        ]
        texts = {
            re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page.content.decode()) for page in pages
        }
        assert len(texts) == 1
        assert "a mail with a link is on its way" in pages[0].content.decode()
        answer_requests()
        assert send_due() == 1

    def test_the_link_sets_a_new_password_once(self, client, user):
        link = "/accounts/password/reset/{}/{}/".format(*parts_of(user))
        data = {"new_password1": NEW, "new_password2": NEW}
        assert 'id="id_new_password1"' in client.get(link).content.decode()
        assert "two password fields" in client.post(link, {**data, "new_password2": "x"}).content.decode()
        assert "Your new password is set" in client.post(link, data, follow=True).content.decode()
        assert User.objects.get().check_password(NEW)
        for answer in (client.get(link), client.post(link, data)):
            assert answer.status_code == 400
            assert "This link is not valid" in answer.content.decode()

    def test_changing_needs_the_present_password(self, user):
        client, other = signed_in(user), signed_in(user)
        data = {"current_password": "wrong", "new_password1": NEW, "new_password2": NEW}
        assert "This is not your password" in client.post("/accounts/password/", data).content.decode()
        page = client.post("/accounts/password/", {**data, "current_password": OLD}, follow=True)
        assert "Your password is changed" in page.content.decode()
        assert [status_of(one) for one in (client, other)] == [200, 401]

    def test_changing_is_for_the_signed_in(self, client):
        assert client.get("/accounts/password/").url.startswith("/accounts/login/")

    @pytest.mark.parametrize("path", ["sign-up/", "password/reset/", "verify-email/x/"])
    def test_attempts_are_limited(self, client, path):
        statuses = [client.post(f"/accounts/{path}", {"email": "a@b.example"}).status_code for _ in range(11)]
        assert 429 not in statuses[:10]
        assert statuses[10] == 429

    @pytest.mark.parametrize(
        ("language", "words"),
        [
            ("uk", ["Зареєструватися", "Скинути пароль", "Змінити пароль", "Встановити новий пароль"]),
            ("ru", ["Зарегистрироваться", "Сбросить пароль", "Изменить пароль", "Установить новый пароль"]),
        ],
    )
    def test_pages_and_mails_have_three_languages(self, client, user, language, words):
        header = {"Accept-Language": language}
        link = "/accounts/password/reset/{}/{}/".format(*parts_of(user))
        paths = ["/accounts/sign-up/", "/accounts/password/reset/", "/accounts/password/", link]
        clients = [client, client, signed_in(user), client]
        # Signing in has ended the link; its page has the same title.
        for one, path, word in zip(clients, paths, words, strict=True):
            assert f"<h1>{word}</h1>" in one.get(path, headers=header).content.decode()
        client.post("/accounts/password/reset/", {"email": user.email}, headers=header)
        answer_requests()
        send_due()
        assert mail.outbox[0].subject == words[3]

    def test_an_unknown_page_is_a_404(self, client):
        assert client.get("/accounts/done/nothing/").status_code == 404


class TestTelegram:
    @pytest.fixture
    def user(self, user):
        TelegramAccount.objects.create(user=user, telegram_id=700_000_001)
        issue_link_token(user=user)
        return user

    @pytest.mark.parametrize("way", ["change", "reset", "admin"])
    def test_the_link_ends_with_the_password(self, api, user, admin_client, way):
        if way == "change":
            change(signed_in(user))
        elif way == "reset":
            confirm(api, *parts_of(user))
        else:
            data = {"password1": NEW, "password2": NEW, "usable_password": "true"}
            admin_client.post(f"/admin/auth/user/{user.pk}/password/", data)
        assert User.objects.get(pk=user.pk).check_password(NEW)
        assert (TelegramAccount.objects.count(), LinkToken.objects.count()) == (0, 0)
        if way != "admin":
            send_due()
            assert "Telegram account is no longer linked" in mail.outbox[0].body

    def test_all_ends_with_deactivation(self, user):
        client, token = signed_in(user), token_client(user)
        for is_active in (False, True):
            user.is_active = is_active
            user.save()
        assert [status_of(one) for one in (client, token)] == [401, 401]
        assert (TelegramAccount.objects.count(), LinkToken.objects.count()) == (0, 0)

    def test_signing_in_and_names_leave_it(self, user):
        Client().post("/accounts/login/", {"username": user.username, "password": OLD})
        user.first_name = "Other"
        user.save()
        assert TelegramAccount.objects.exists()


def test_every_way_of_setting_a_password_has_the_same_maximum(client, user, admin_client):
    long = "a1" * 65
    twice = {"password1": long, "password2": long}
    pages = [
        client.post("/accounts/sign-up/", {"username": "b", "email": "b@example.com", **twice}),
        client.post(
            "/accounts/password/reset/{}/{}/".format(*parts_of(user)),
            {"new_password1": long, "new_password2": long},
        ),
        admin_client.post(f"/admin/auth/user/{user.pk}/password/", {**twice, "usable_password": "true"}),
    ]
    assert all("at most 128 characters." in page.content.decode() for page in pages)
    assert [page.status_code for page in pages] == [200] * 3
