"""304 for what the client has, 412 for what it missed."""

import pytest
from django.test import RequestFactory
from rest_framework.test import APIClient

from api.http_cache import cached_response
from caching import CacheResult
from tests.api import urls

pytestmark = [urls.pytestmark]

RESULT = CacheResult(b'{"id":1}', "HIT", "hit; ttl=271")


@pytest.fixture
def client():
    return APIClient()


def get(**headers):
    return cached_response(RequestFactory().get("/", headers=headers), RESULT)


def test_the_bytes_of_the_cache_go_out_as_they_are_and_tell_how_they_were_come_by():
    response = get()
    assert response.content == RESULT.body
    assert response["Content-Type"] == "application/json"
    assert response["X-Cache"] == "HIT"
    assert response["Cache-Status"] == "Syllabus; hit; ttl=271"
    assert response["Cache-Control"] == "no-cache"
    assert response["Vary"] == "Authorization, Cookie, X-Telegram-User-Id"


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
def test_what_the_client_has_is_not_sent_again(form):
    etag = get()["ETag"]
    response = get(**{"If-None-Match": form.format(etag)})
    assert response.status_code == 304
    assert response.content == b""
    assert response["ETag"] == etag
    assert response["X-Cache"] == "HIT"
    assert "Content-Type" not in response


@pytest.mark.parametrize("header", ['"other"', "", "nonsense"])
def test_what_the_client_has_not_is_sent(header):
    assert get(**{"If-None-Match": header}).status_code == 200


def test_plain_answers_have_an_etag_too(client):
    first = client.get("/api/open/")
    again = client.get("/api/open/", headers={"If-None-Match": first["ETag"]})
    assert (first.json(), again.status_code) == ({"ok": True}, 304)


@pytest.mark.parametrize(
    ("expected", "status"),
    [(None, 200), ("*", 200), ('"now"', 200), ('"old", "now"', 200), ('"old"', 412), ('W/"now"', 412)],
)
def test_a_change_of_what_is_no_longer_so_is_refused(client, expected, status):
    headers = {} if expected is None else {"If-Match": expected}
    response = client.put("/api/open/", {"a": 1}, format="json", headers=headers)
    assert response.status_code == status
    if status == 412:
        assert response["Content-Type"] == "application/problem+json"
        assert '"now"' in response.json()["detail"]


VARY = {"Authorization", "Cookie", "X-Telegram-User-Id"}


@pytest.mark.django_db
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Token wrong"}, {"Cookie": "sessionid=wrong"}])
@pytest.mark.parametrize(
    "address",
    ["/api/open/", "/api/closed/", "/api/groups/", "/api/nothing/", "/api/fail/bug/", "/api/plain/http404/"],
)
def test_every_answer_says_by_what_it_differs_and_who_may_keep_it(address, headers):
    client = APIClient(raise_request_exception=False)
    response = client.get(address, headers=headers)
    assert set(response["Vary"].split(", ")) >= VARY
    kept = response["Cache-Control"].split(", ")
    if "ETag" in response:
        assert "no-cache" in kept
        assert ("private" in kept) is bool(headers)
    else:
        assert set(kept) == {"private", "no-store"}


def test_a_304_says_the_same(client):
    etag = client.get("/api/open/")["ETag"]
    response = client.get("/api/open/", headers={"If-None-Match": etag, "Authorization": "Basic x"})
    assert response.status_code == 304
    assert set(response["Vary"].split(", ")) >= VARY
    assert set(response["Cache-Control"].split(", ")) == {"no-cache", "private"}


def test_pages_outside_the_api_are_left_alone():
    assert "Cache-Control" not in APIClient().get("/page/200/")
