"""Registering, getting an access token, signing out."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from accounts.models import AccessToken, Session
from accounts.tasks import delete_expired_sessions
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

PASSWORD = "a-long-and-odd-pass"
GOOD = {
    "username": "boris",
    "email": "boris@example.com",
    "password": PASSWORD,
    "confirm_password": PASSWORD,
}


def register(api, **changes):
    return api.post("/api/v1/auth/register/", {**GOOD, **changes}, format="json")


def token_of(api, username="boris", password=PASSWORD):
    answer = api.post("/api/v1/auth/token/", {"username": username, "password": password}, format="json")
    return answer.json()["token"]


def test_a_registered_user_can_sign_in(api):
    answer = register(api)
    assert answer.status_code == 201
    assert answer.json()["username"] == "boris"
    assert "password" not in answer.json()
    api.credentials(HTTP_AUTHORIZATION=f"Token {token_of(api)}")
    assert api.get("/api/v1/me/").json()["email"] == "boris@example.com"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"confirm_password": "another-password"}, "confirm_password"),
        ({"password": "12345678", "confirm_password": "12345678"}, "password"),
        ({"password": "boris@example", "confirm_password": "boris@example"}, "password"),
        ({"password": "x" * 129, "confirm_password": "x" * 129}, "password"),
        ({"email": ""}, "email"),
        ({"email": "no address"}, "email"),
        ({"username": ""}, "username"),
        ({"username": "with space"}, "username"),
        ({"username": "x" * 151}, "username"),
        ({"username": "a½x"}, "username"),  # 1, a fraction slash and 2 when it is normalised
        ({"username": "\u200b"}, "username"),
        ({"username": "\ufdfa" * 20}, "username"),  # 18 characters each when it is normalised
        ({"username": "a\0b"}, "username"),
        ({"username": ["boris"]}, "username"),
    ],
)
def test_invalid_input_is_a_400_by_field(api, changes, field):
    answer = register(api, **changes)
    assert answer.status_code == 400
    assert field in answer.json()["errors"]
    assert not User.objects.exists()


@pytest.mark.parametrize("missing", GOOD)
def test_every_field_is_required(api, missing):
    answer = api.post(
        "/api/v1/auth/register/", {k: v for k, v in GOOD.items() if k != missing}, format="json"
    )
    assert answer.status_code == 400
    assert missing in answer.json()["errors"]


@pytest.mark.parametrize("name", ["boris", "BORIS", "ｂｏｒｉｓ"])
def test_a_name_that_looks_the_same_is_taken(api, name):
    UserFactory(username="boris")
    answer = register(api, username=name)
    assert answer.status_code == 400
    assert "username" in answer.json()["errors"]


@pytest.mark.parametrize("field", ["is_staff", "is_superuser", "is_active", "id", "date_joined", "role"])
def test_registering_takes_no_other_field(api, field):
    answer = register(api, **{field: True})
    assert answer.status_code == 400
    assert "Accepted: username, email, password, confirm_password" in answer.json()["errors"][field][0]
    assert not User.objects.exists()


def test_a_wrong_password_and_an_unknown_user_are_answered_alike(api):
    register(api)
    answers = [
        api.post("/api/v1/auth/token/", {"username": name, "password": "wrong"}, format="json")
        for name in ("boris", "unknown")
    ]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].json() == answers[1].json()


def test_a_user_who_is_not_active_gets_no_token_and_has_none(api):
    register(api)
    api.credentials(HTTP_AUTHORIZATION=f"Token {token_of(api)}")
    User.objects.update(is_active=False)
    assert api.get("/api/v1/me/").status_code == 401
    answer = api.post("/api/v1/auth/token/", {"username": "boris", "password": PASSWORD}, format="json")
    assert answer.status_code == 400


def test_the_database_holds_no_token(api):
    register(api)
    token = token_of(api)
    assert token not in str(AccessToken.objects.values_list().get())


def test_logout_ends_this_token_and_no_other(api):
    register(api)
    one, other = token_of(api), token_of(api)
    api.credentials(HTTP_AUTHORIZATION=f"Token {one}")
    assert api.post("/api/v1/auth/logout/").status_code == 204
    assert api.get("/api/v1/me/").status_code == 401
    api.credentials(HTTP_AUTHORIZATION=f"Token {other}")
    assert api.get("/api/v1/me/").status_code == 200


def test_logout_ends_the_session(api):
    api.force_login(UserFactory())
    assert api.get("/api/v1/me/").status_code == 200
    assert api.post("/api/v1/auth/logout/").status_code == 204
    assert api.get("/api/v1/me/").status_code == 401


def test_logout_needs_credentials(api):
    assert api.post("/api/v1/auth/logout/").status_code == 401


def test_an_invalid_token_does_not_prevent_getting_a_new_one(api):
    register(api)
    api.credentials(HTTP_AUTHORIZATION="Token spoilt")
    assert api.get("/api/v1/me/").status_code == 401
    assert token_of(api)


@pytest.mark.parametrize(("address", "scope"), [("register", "auth-register"), ("token", "auth-token")])
def test_register_and_token_have_limits_of_their_own(api, address, scope):
    answers = [api.post(f"/api/v1/auth/{address}/", {}, format="json") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [400] * 10 + [429]
    assert answers[-1].json()["violated-policies"] == [scope]


def test_a_request_with_a_token_costs_one_query_to_know_its_user(api, django_assert_num_queries):
    register(api)
    api.credentials(HTTP_AUTHORIZATION=f"Token {token_of(api)}")
    with django_assert_num_queries(3):  # the token with its user, the verified address, the Telegram account
        api.get("/api/v1/me/")


PAGES = pytest.mark.parametrize("page", ["/accounts/login/", "/admin/login/"])


@pytest.fixture
def boss():
    user = UserFactory(username="boss", is_staff=True)
    user.set_password(PASSWORD)
    user.save()
    return {"username": "boss", "password": PASSWORD}


@PAGES
def test_guessing_a_password_on_pages_is_limited(client, boss, page):
    for guess in range(5):
        for address in ("/accounts/login/", "/admin/login/"):
            assert "correct" in client.post(address, boss | {"password": guess}).content.decode()
    refused = client.post(page, boss)
    assert refused.status_code == 200
    assert "Too many attempts" in refused.content.decode()
    assert client.post(page, boss, REMOTE_ADDR="192.0.2.7").status_code == 302


@PAGES
def test_requests_without_a_password_are_not_counted(client, api, boss, page):
    """And neither are requests for tokens, which another site can make a browser send."""
    for _ in range(10):
        client.post(page, {"username": "boss"})
        api.post("/api/v1/auth/token/", {"username": "boss", "password": "wrong"}, format="json")
    assert client.post(page, boss).status_code == 302


def test_expired_sessions_are_deleted(api):
    for _ in range(2):
        api.force_login(UserFactory())
        api.cookies.clear()
    expired = Session.objects.first()
    expired.expire_date = timezone.now() - timedelta(seconds=1)
    expired.save()
    delete_expired_sessions()
    [kept] = Session.objects.all()
    assert kept.pk != expired.pk
