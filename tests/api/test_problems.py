"""Whatever goes wrong under /api/, the answer is a problem that says what."""

import json
import logging

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError
from rest_framework.test import APIClient

from api.problems.mapping import translate
from tests.api import urls

pytestmark = [urls.pytestmark]

OBJECT = "application/json"


@pytest.fixture
def client():
    return APIClient(raise_request_exception=False)


def problem(response):
    assert response["Content-Type"] == "application/problem+json"
    body = json.loads(response.content)
    assert body["status"] == response.status_code
    assert {"type", "title", "status", "detail"} <= set(body)
    assert "Traceback" not in body["detail"]
    return body


@pytest.fixture(params=[False, True], ids=["production", "debug"])
def _debug(settings, request):
    settings.DEBUG = request.param


@pytest.mark.usefixtures("_debug")
@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/nothing/", 404),
        ("/api/fail/http404/", 404),
        ("/api/fail/conflict/", 409),
        ("/api/fail/bug/", 500),
        ("/api/plain/bug/", 500),
        ("/api/plain/http404/", 404),
        ("/api/plain/conflict/", 409),
        ("/api/page/503/", 503),
        ("/api/page/403/", 403),
    ],
)
def test_every_error_under_api_is_a_problem(client, address, status):
    response = client.get(address)
    assert response.status_code == status
    assert problem(response)["title"]


def test_pages_elsewhere_stay_pages(client):
    assert b"<h1>" in client.get("/page/404/").content


@pytest.mark.django_db
def test_a_page_whose_write_loses_a_race_is_a_409_without_the_message_of_success(client):
    response = client.get("/page/unique/")
    assert (response.status_code, response["Content-Type"]) == (409, "text/html; charset=utf-8")
    assert "saved before this one" in response.content.decode()
    assert "It was saved" not in response.content.decode()
    assert "messages" not in response.cookies


@pytest.mark.django_db
def test_a_page_that_breaks_another_rule_is_still_a_bug(client):
    assert client.get("/page/check/").status_code == 500


def test_a_bug_is_logged_with_its_traceback_and_request_id_and_answered_without(client, caplog):
    response = client.get("/api/fail/bug/", headers={"X-Request-ID": "abc123"})
    assert "abc123" in problem(response)["detail"]
    assert "nothing" not in response.content.decode()
    [record] = [r for r in caplog.records if r.name == "django.request" and r.exc_info]
    assert record.exc_info[0] is KeyError


@pytest.mark.parametrize(
    ("method", "body", "content_type", "status"),
    [
        ("post", "{broken", OBJECT, 400),
        ("post", "[1]", OBJECT, 400),
        ("post", '"text"', OBJECT, 400),
        ("post", '{"n": NaN}', OBJECT, 400),
        ("post", b'{"n": "\xff"}', OBJECT, 400),
        ("post", "[" * 200_000, OBJECT, 400),
        ("post", '{"n": ' + "9" * 5000 + "}", OBJECT, 400),
        ("post", b"x\x9c\x03\x00", "application/json; charset=zip", 400),
        ("post", "{}", "text/csv", 415),
        ("post", "a=1", "application/x-www-form-urlencoded", 415),
        ("post", "x" * 3_000_000, OBJECT, 413),
        ("delete", "", OBJECT, 405),
    ],
)
def test_a_body_that_cannot_be_taken_is_refused(client, method, body, content_type, status):
    response = client.generic(method.upper(), "/api/open/", body, content_type=content_type)
    assert response.status_code == status
    problem(response)


def test_405_says_what_is_allowed(client):
    response = client.delete("/api/open/")
    assert set(response["Allow"].split(", ")) == {"GET", "PUT", "POST", "HEAD", "OPTIONS"}


def test_406_where_json_is_not_accepted(client):
    response = client.get("/api/open/", headers={"Accept": "text/csv"})
    assert response.status_code == 406
    problem(response)


def test_a_host_that_is_not_served_is_a_400(client):
    response = client.get("/api/open/", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert "host" in problem(response)["detail"]


@pytest.mark.parametrize("debug", [False, True])
def test_a_write_without_the_slash_is_not_redirected(client, settings, debug):
    settings.DEBUG = debug
    response = client.post("/api/open", {"a": 1}, format="json")
    assert response.status_code == 404
    assert "/api/open/" in problem(response)["detail"]


def test_a_read_without_the_slash_is_redirected(client):
    response = client.get("/api/open")
    assert (response.status_code, response["Location"]) == (301, "/api/open/")
    assert "Content-Type" not in response  # there is no page


@pytest.mark.parametrize("verb", ["OPTIONS", "TRACE", "PROPFIND"])
def test_another_verb_without_the_slash_is_not_redirected(client, verb):
    response = client.generic(verb, "/api/open")
    assert response.status_code == 404
    assert "/api/open/" in problem(response)["detail"]


def test_401_names_the_way_to_sign_in(client):
    response = client.get("/api/closed/")
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Token"
    problem(response)


def test_a_bad_token_is_a_401(client, db):
    response = client.get("/api/closed/", headers={"Authorization": "Token unknown"})
    assert response.status_code == 401
    problem(response)


def test_a_missing_csrf_token_is_a_403(db):
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(User.objects.create_user("anna"))
    response = client.post("/api/session/", {}, format="json")
    assert response.status_code == 403
    assert "CSRF" in problem(response)["detail"]


def test_errors_are_given_by_field_at_one_level(client):
    body = problem(client.post("/api/nested/", {"rows": [{"title": "a"}, {}]}, format="json"))
    assert body["errors"] == {"rows.1.title": ["This field is required."]}
    assert body["detail"] == "rows.1.title: This field is required."


def test_errors_of_no_field_are_given_too(client):
    body = problem(client.post("/api/nested/", {"rows": []}, format="json"))
    assert body["errors"] == {"non_field_errors": ["The rows do not fit together."]}
    assert body["detail"] == "The rows do not fit together."


def test_a_megabyte_of_input_is_not_repeated(client):
    response = client.post("/api/nested/", {"rows": [{"title": "x" * 1_000_000}]}, format="json")
    assert response.status_code == 400
    assert len(response.content) < 1000


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("how", "status", "words"),
    [
        ("protected", 409, "2 groups"),
        ("unique", 409, "the same name"),
        ("check", 400, "n_is_positive"),
        ("range", 400, "range"),
        ("deadlock", 409, "try again"),
        ("nul", 400, "NUL"),
    ],
)
def test_what_the_database_refuses_is_answered_as_a_problem(client, how, status, words):
    response = client.get(f"/api/fail/{how}/")
    assert response.status_code == status
    assert words in problem(response)["detail"]


@pytest.mark.django_db
def test_a_database_that_is_away_is_a_503(client, caplog):
    response = client.get("/api/fail/database-away/")
    assert response.status_code == 503
    assert int(response["Retry-After"]) > 0
    problem(response)
    assert any(r.levelno == logging.ERROR and "unavailable" in r.message for r in caplog.records)


def test_retry_after_is_rounded_up(client):
    assert client.get("/api/fail/throttled/")["Retry-After"] == "3"


@pytest.mark.django_db
def test_a_nul_in_a_field_is_a_400(client, admin_user):
    client.force_authenticate(admin_user)
    response = client.post("/api/groups/", {"name": "a\0b"}, format="json")
    assert response.status_code == 400
    assert "name" in problem(response)["errors"]


@pytest.mark.django_db
def test_a_row_that_is_deleted_before_it_is_saved_is_a_conflict():
    user = User.objects.create_user("short")
    User.objects.all().delete()
    with pytest.raises(DatabaseError) as caught:
        user.save(update_fields=["last_login"])  # as Django does at a sign-in
    assert translate(caught.value).status_code == 409
    assert translate(DatabaseError("anything else")) is None
