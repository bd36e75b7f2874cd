"""The access log and the audit log: what a line says, and what none ever says."""

from __future__ import annotations

import json
import logging

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from core.log_format import JSONFormatter
from tests.courses.factories import CourseFactory

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture
def user():
    return User.objects.create_user("anna", password=PASSWORD)


def sign_in(client, password):
    credentials = {"username": "anna", "password": password}
    return client.post("/api/v1/auth/token/", credentials, format="json")


def lines(caplog, name):
    return [record.getMessage() for record in caplog.records if record.name == name]


@pytest.fixture(autouse=True)
def _info(caplog):
    caplog.set_level(logging.INFO)


def test_a_response_is_one_line_with_route_status_time_x_cache_user_and_size(caplog, user):
    course = CourseFactory()
    client = APIClient()
    client.force_login(user)
    response = client.get(f"/api/v1/courses/{course.pk}/")
    client.get("/api/v1/nowhere/1234/")
    client.get("/health/live")
    seen, unknown = [record for record in caplog.records if record.name == "access"]
    assert seen.getMessage().startswith("GET api/v1/courses/<int:pk>/ 200 ")
    assert seen.getMessage().endswith(f" MISS user={user.pk} {len(response.content)} B")
    assert (seen.route, seen.status, seen.x_cache) == ("api/v1/courses/<int:pk>/", 200, "MISS")
    assert unknown.getMessage().startswith("GET - 404 ")


def test_the_line_has_the_user_by_token_and_by_session(caplog, user):
    token = sign_in(APIClient(), PASSWORD).json()["token"]
    APIClient(headers={"Authorization": f"Token {token}"}).get("/api/v1/me/")
    client = APIClient()
    client.force_login(user)
    client.get("/topics/")
    assert [line for line in lines(caplog, "access") if f" user={user.pk} " in line] == [
        line for line in lines(caplog, "access") if "api/v1/me/" in line or "topics/" in line
    ]
    assert len(lines(caplog, "access")) == 3


def test_sign_ins_and_failed_sign_ins_by_each_way_are_audited_without_secrets(caplog, user, client):
    api = APIClient()
    sign_in(api, "wr0ng-secret")
    token = sign_in(api, PASSWORD).json()["token"]
    client.post("/accounts/login/", {"username": "anna\n", "password": "wr0ng-secret"})
    client.post("/admin/login/", {"username": "anna", "password": PASSWORD})
    client.post("/accounts/login/", {"username": "anna", "password": PASSWORD})
    client.post("/accounts/logout/")
    api.delete("/api/v1/auth/tokens/", headers={"Authorization": f"Token {token}"})
    audited = [line.rpartition(" address=")[0] for line in lines(caplog, "audit")]
    me = f"user={user.pk}"
    assert audited == [
        "sign-in failed for 'anna' user=-",
        f"access token issued {me}",
        "sign-in failed for 'anna' user=-",
        f"signed in {me}",
        f"signed out {me}",
        f"access token ended {me}",
    ]
    assert not any(secret in caplog.text for secret in (PASSWORD, "wr0ng-secret", token))


def test_refusals_are_audited_with_the_address(caplog, user):
    client = APIClient(REMOTE_ADDR="192.0.2.7")
    client.get("/api/v1/me/", headers={"Authorization": "Token wrong-token"})
    client.force_authenticate(user)
    client.post("/api/v1/courses/", {"title": "x"}, format="json")
    assert lines(caplog, "audit") == [
        "refused with 401: GET api/v1/me/ user=- address=192.0.2.7",
        f"refused with 403: POST api/v1/courses/ user={user.pk} address=192.0.2.7",
    ]
    assert "wrong-token" not in caplog.text


def test_a_json_line_has_all_fields_and_the_traceback():
    record = logging.makeLogRecord({"name": "x", "levelname": "INFO", "msg": "%s\n%s", "args": ("a", "б")})
    record.request_id, record.route = "r-1", "api/"
    record.exc_info = (ValueError, ValueError("why"), None)
    text = JSONFormatter().format(record)
    line = json.loads(text)
    assert "\n" not in text
    assert (line["message"], line["request_id"], line["route"]) == ("a\nб", "r-1", "api/")
    assert line["exception"].endswith("ValueError: why")
    assert line["time"].endswith("+00:00")
