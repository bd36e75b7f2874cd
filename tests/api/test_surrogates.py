"""Bytes and characters that no text can hold, at every door: never a 500, with DEBUG or without."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.support.addresses import make_rows

pytestmark = pytest.mark.django_db

SURROGATE = "\\ud800"  # as JSON writes it
BYTES = "%ED%A0%80"  # as a client in C would send it
JSON_DOORS = [
    ("POST", "/api/v1/courses/", '{"title": "X"}'),
    ("PATCH", "/api/v1/courses/1/", '{"X": 1}'),
    ("POST", "/api/v1/auth/token/", '{"username": "X", "password": "X"}'),
    ("POST", "/api/v1/auth/register/", '{"username": "X"}'),
    ("POST", "/api/v1/lists/1/tasks/", '{"name": "X"}'),
    ("POST", "/api/v1/tasks/bulk/", '{"tasks": [{"name": "X"}]}'),
    ("POST", "/api/v1/topics/", '{"name": "X"}'),
    ("POST", "/api/v1/telegram/webhook/", '{"update_id": 1, "message": {"text": "X"}}'),
]
FORM_DOORS = [
    "/topics/create/",
    "/accounts/login/",
    "/admin/login/",
    "/i18n/setlang/",
    "/admin/courses/category/add/",
]
ADDRESSES = [
    f"/api/v1/courses/?search={BYTES}",
    f"/api/v1/courses/?{BYTES}={BYTES}",
    f"/api/v1/courses/{BYTES}/",
    f"/api/v1/cache/keys/{BYTES}/",
    f"/{BYTES}",
    f"/accounts/login/?next={BYTES}",
    f"/admin/courses/course/?q={BYTES}",
    f"/admin/courses/course/{BYTES}/change/",
    f"/admin/autocomplete/?term={BYTES}&app_label=courses&model_name=course&field_name=category",
]
HEADERS = [
    "Authorization",
    "Cookie",
    "If-Match",
    "If-None-Match",
    "Accept",
    "Accept-Language",
    "X-Request-ID",
]


@pytest.fixture(autouse=True, params=[False, True], ids=["production", "debug"])
def _debug(request, settings):
    settings.DEBUG = request.param
    settings.TELEGRAM_WEBHOOK_SECRET = "secret"


@pytest.fixture
def client():
    user = User.objects.create_superuser("admin-of-all", "admin@example.com")
    make_rows(user)
    made = Client(raise_request_exception=False, headers={"X-Telegram-Bot-Api-Secret-Token": "secret"})
    made.force_login(user)
    return made


@pytest.mark.parametrize(("method", "address", "body"), JSON_DOORS)
def test_half_of_a_surrogate_pair_in_json_is_a_400(client, method, address, body):
    response = client.generic(method, address, body.replace("X", SURROGATE), content_type="application/json")
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")


@pytest.mark.parametrize("address", FORM_DOORS)
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=B"])
def test_it_is_no_500_in_a_form(client, address, kind):
    if kind.startswith("multipart"):
        head = b'--B\r\nContent-Disposition: form-data; name="name"\r\n\r\n'
        body = head + b"\xed\xa0\x80\r\n--B--\r\n"
    else:
        body = "&".join(f"{name}={BYTES}" for name in ("name", "username", "password", "next", "language"))
    assert client.generic("POST", address, body, content_type=kind).status_code < 500


@pytest.mark.parametrize("address", ADDRESSES)
def test_it_is_no_500_in_an_address(client, address):
    assert client.get(address).status_code < 500


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("value", ["\udced\udca0\udc80", "í\xa0\x80", "\xff", "(", '"\xff"'])
def test_it_is_no_500_in_a_header(client, name, value):
    text = value.encode("utf-8", "surrogateescape").decode("latin-1")  # as WSGI has it
    assert client.get("/api/v1/courses/1/", headers={name: text}).status_code < 500
