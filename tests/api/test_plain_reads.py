"""The short way answers as the usual way does, and only those whom it may."""

import pytest
from django.contrib.auth.models import User
from django.utils import translation
from rest_framework.test import APIClient

from accounts.actions import issue_access_token
from tests.api import urls

pytestmark = [urls.pytestmark]

USUAL = {"Accept": "application/json;q=0.9, */*;q=0.1"}  # asks for the same, but has to be negotiated


@pytest.fixture
def client():
    return APIClient(raise_request_exception=False)


def takes_the_usual_way(client, **headers):
    return client.get("/api/read/way/", headers=headers).json()["usual"]


def test_a_read_without_credentials_takes_the_short_way(client):
    assert not takes_the_usual_way(client)
    assert not takes_the_usual_way(client, Accept="application/json")


@pytest.mark.parametrize("headers", [USUAL, {"Cookie": "theme=dark"}, {"Authorization": "Basic"}])
def test_a_read_with_anything_to_look_at_takes_the_usual_way(client, headers):
    assert takes_the_usual_way(client, **headers)


@pytest.mark.django_db
def test_users_are_recognised_however_they_sign_in(client):
    anna = User.objects.create_user("anna")
    token = issue_access_token(user=anna)
    signed_in, forced = APIClient(), APIClient()
    signed_in.force_login(anna)
    forced.force_authenticate(anna)
    answers = [
        client.get("/api/read/closed/", headers={"Authorization": f"Token {token}"}),
        signed_in.get("/api/read/closed/"),
        forced.get("/api/read/closed/"),
    ]
    assert [answer.json()["user"] for answer in answers] == ["anna"] * 3


def test_the_bot_is_asked_for_its_secret(client):
    assert client.get("/api/read/ok/", headers={"X-Telegram-User-Id": "1"}).status_code in (403, 503)


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/read/ok/", 200),
        ("/api/read/ok/?limit=5", 200),
        ("/api/read/ok/?limit=x", 400),
        ("/api/read/closed/", 401),
        ("/api/read/http404/", 404),
        ("/api/read/conflict/", 409),
        ("/api/read/bug/", 500),
    ],
)
def test_both_ways_answer_alike(client, settings, address, status, debug):
    settings.DEBUG = debug
    short = client.get(address, headers={"X-Request-ID": "1"})
    usual = client.get(address, headers={**USUAL, "X-Request-ID": "1"})
    assert short.status_code == usual.status_code == status
    assert short.content == usual.content
    limits = {"RateLimit", "RateLimit-Policy"}
    assert {k: v for k, v in short.items() if k not in limits} == {
        k: v for k, v in usual.items() if k not in limits
    }
    assert ("RateLimit" in short) == ("RateLimit" in usual)


def test_both_ways_share_their_limits(client, settings):
    rates = {"anon": None, "user": None, "courses-top": "3/min"}
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": rates}
    answers = [client.get("/api/read/ok/", headers=headers).status_code for headers in ({}, USUAL) * 2]
    assert answers == [200, 200, 200, 429]
    refused = client.get("/api/read/ok/")
    assert refused["Content-Type"] == "application/problem+json"
    assert refused["Retry-After"] == "60"


def test_what_the_client_has_is_not_sent_again(client):
    etag = client.get("/api/read/ok/")["ETag"]
    assert client.get("/api/read/ok/", headers={"If-None-Match": etag}).status_code == 304


def test_a_host_that_is_not_served_is_refused(client):
    assert client.get("/api/read/ok/", headers={"Host": "evil.example"}).status_code == 400


def test_where_https_is_demanded_it_is(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/api/read/ok/").status_code == 301


def test_it_touches_no_database(client, django_assert_num_queries, db):
    with django_assert_num_queries(0):
        client.get("/api/read/ok/")


def test_it_steps_aside_where_somebody_may_be_recognised_otherwise(settings):
    classes = ["rest_framework.authentication.RemoteUserAuthentication"]
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_AUTHENTICATION_CLASSES": classes}
    assert takes_the_usual_way(APIClient())


def test_it_speaks_no_language_that_a_page_has_left_in_the_thread(client):
    with translation.override("ru"):
        assert client.get("/api/read/closed/").json()["detail"].isascii()
